"""Sequences of calls between runs, in any order, on any backend: drawn, played, compared.

The witness is the host: what another backend gives after each call, and all that it recorded, must
be what the host gives. Where the other refuses a call that the host takes, by an error that its
documentation names, the sequence ends.
"""

import tempfile
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from hypothesis import strategies as st

from pynn_eprop import Adam
from pynn_eprop.errors import EPropError, SimulationError

T = 20.0
Operation = tuple[Any, ...]
BETWEEN_INTERVALS = {"cells", "readout", "bias of one", "initialize", "spikes", "values",
                     "record"}
"""Operations that some backends refuse, or apply later, within an interval: left out there."""


@dataclass(frozen=True)
class Sequence:
    """A network and what is done with it."""

    operations: tuple[Operation, ...]
    trials: int = 1
    symmetric: bool = False
    learns: bool = True
    biases: bool = True
    analog: bool = False


@dataclass
class Played:
    """The outcome of a sequence.

    outcomes: of each operation, the error's name or ""; messages: of the errors. found: after some
    of the operations, by their numbers, what could be read and what had been recorded.
    """

    outcomes: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    found: dict[int, dict[str, np.ndarray]] = field(default_factory=dict)


_AMOUNTS = st.sampled_from([0.05, 0.3, 0.6, 3.0, 40.0])     # 40: beyond most formats
_OPERATIONS: dict[str, st.SearchStrategy[tuple[Any, ...]]] = {
    "run": st.tuples(st.sampled_from([0.0, 3.0, T, T, T, 2 * T])),
    "reset": st.tuples(st.booleans()),
    "weight": st.tuples(st.sampled_from(["in", "static", "out", "signal"]), _AMOUNTS,
                        st.booleans()),
    "delay": st.tuples(st.sampled_from(["in", "static"]), st.sampled_from([1.0, 2.0]),
                       st.booleans()),
    "cells": st.tuples(st.sampled_from([
        {"v_thresh": 0.4}, {"v_thresh": [0.4, 0.4, 0.7]}, {"tau_m": 5.0}, {"c_reg": 0.0},
        {"c_reg": 0.5}, {"f_target": 50.0}])),
    "readout": st.tuples(st.sampled_from([
        {"tau_m": 5.0}, {"bias": 0.2}, {"bias": [0.1, -0.1]}, {"target": 0.5},
        {"target": 200.0}, {"target": 1e5}])),
    "bias of one": st.tuples(st.sampled_from([0.0, 0.3])),
    "initialize": st.tuples(st.sampled_from([
        ("cells", "v", 0.2), ("cells", "v", 0.0), ("readout", "y", 0.1)])),
    "learning": st.tuples(st.booleans()),
    "save": st.tuples(), "load": st.tuples(), "checkpoint": st.tuples(),
    "record": st.tuples(st.sampled_from(["h", "error"])),
    "values": st.tuples(st.sampled_from([(0.3, 2.0), (0.8, 4.0), (1.7, 1.0), (9.0, 5.0)])),
    "spikes": st.tuples(st.sampled_from([[8.0, 9.0, 30.0], [9.0, 12.0, 13.0, 50.0]])),
}
OFTEN = ("run", "run", "reset", "weight")


def operations(without: Collection[str] = ()) -> st.SearchStrategy[Operation]:
    """One call of a script."""
    kinds = [kind for kind in (*_OPERATIONS, *OFTEN) if kind not in without]
    return st.sampled_from(kinds).flatmap(
        lambda kind: _OPERATIONS[kind].map(lambda given: (kind, *given)))


def sequences(length: int = 9, without: Collection[str] = (), analog: bool = False
              ) -> st.SearchStrategy[Sequence]:
    """Sequences that end with a run of two intervals. analog: with analog sources now and then."""
    without = without if analog else (*without, "values")
    return st.builds(
        lambda drawn, *network: Sequence((*drawn, ("run", 2 * T)), *network),
        st.lists(operations(without), min_size=3, max_size=length),
        st.sampled_from([1, 1, 2]), st.booleans(), st.sampled_from([True, True, False]),
        st.just(True), st.booleans() if analog else st.just(False))


class Script:
    """The network of a sequence on a backend."""

    def __init__(self, sim: ModuleType, sequence: Sequence, setup: dict[str, Any]) -> None:
        self.sim = sim
        sim.setup(timestep=1.0, update_interval=T, trials_per_update=sequence.trials, seed=1,
                  **setup)
        adam = Adam(lr=0.01, eps_hat=True, eps=1e-5) if sequence.learns else None
        source = sim.Population(2, sim.SpikeSourceArray(spike_times=[8.0, 9.0, 14.0, 29.0, 48.0]),
                                label="source")
        cells = sim.Population(3, sim.EPropLIF(v_thresh=0.5, c_reg=0.01, tau_refrac=1.0),
                               label="cells")
        readout = sim.Population(2, sim.EPropReadout(
            target=np.ones((2, int(T))),
            bias_optimizer=Adam(lr=0.01) if sequence.biases else None), label="readout")
        self.populations = {"source": source, "cells": cells, "readout": readout}
        everyone = sim.AllToAllConnector()
        self.projections = {
            label: sim.Projection(pre, post, everyone, sim.EPropSynapse(
                weight=weight, optimizer=optimizer), label=label)
            for label, pre, post, weight, optimizer in (
                ("in", source, cells, 0.4, adam), ("static", source, cells, 0.1, None),
                ("out", cells, readout, 0.4, adam))}
        how = {"symmetric": True} if sequence.symmetric else {"weight": 0.5}
        if sequence.analog:
            self.populations["analog"] = sim.Population(
                2, sim.AnalogSource(_values(0.5, 10), frame_duration=2.0), label="analog")
            self.projections["from values"] = sim.Projection(
                self.populations["analog"], cells, everyone, sim.EPropSynapse(
                    weight=0.3, optimizer=adam, delay=2.0), label="from values")
            self.populations["analog"].record("value")
        self.projections["signal"] = sim.Projection(
            readout, cells, everyone, sim.LearningSignal(**how), receptor_type="learning_signal",
            label="signal")
        cells.record(["spikes", "v"])
        readout.record(["y", "loss"])
        self.learns, self.biases = sequence.learns, sequence.biases

    def do(self, operation: Operation, folder: Path) -> None:
        """One call. Raises what it raises."""
        sim, (kind, *arguments) = self.sim, operation
        if kind in BETWEEN_INTERVALS and sim.get_current_time() % T:
            return
        if kind == "run":
            sim.run(*arguments)
        elif kind == "reset":
            sim.reset(keep_weights=arguments[0])
        elif kind == "weight":
            label, amount, varied = arguments
            shape = self.projections[label].shape
            factors = np.linspace(-1.0, 1.0, shape[0] * shape[1]).reshape(shape)
            self.projections[label].set(weight=amount * factors if varied else amount)
        elif kind == "delay":
            label, delay, varied = arguments
            self.projections[label].set(
                delay=np.array([[1.0, delay, 1.0], [delay, 1.0, 1.0]]) if varied else delay)
        elif kind == "cells":
            self.populations["cells"].set(**arguments[0])
        elif kind == "readout":
            given = {name: np.full((2, int(T)), value) if name == "target" else value
                     for name, value in arguments[0].items()}
            self.populations["readout"].set(**given)
        elif kind == "bias of one":
            self.populations["readout"][0:1].set(bias=arguments[0])
        elif kind == "initialize":
            label, variable, value = arguments[0]
            self.populations[label].initialize(**{variable: value})
        elif kind == "values":
            if "analog" in self.populations:
                amount, duration = arguments[0]
                self.populations["analog"].set(values=_values(amount, 7), frame_duration=duration)
        elif kind == "spikes":
            self.populations["source"].set(spike_times=sim.Sequence(arguments[0]))
        elif kind == "record":
            label = "cells" if arguments[0] == "h" else "readout"
            self.populations[label].record(arguments[0])
        elif kind == "learning":
            sim.set_learning(*arguments)
        else:
            self._file(kind, folder)

    def _file(self, kind: str, folder: Path) -> None:
        path = folder / "weights.npz"
        if kind == "checkpoint":        # it also brings the machine into agreement with the script
            self.sim.save_checkpoint(folder / "checkpoint.npz")
        elif kind == "save":
            self.sim.save_weights(path)
        elif path.exists():
            self.sim.load_weights(path)

    def seen(self) -> dict[str, np.ndarray]:
        """All learned values that can be read."""
        found = {"time": np.array(self.sim.get_current_time()),
                 "updates": np.array(self.sim.num_updates()),
                 "bias": np.array(self.populations["readout"].get("bias", simplify=False), float)}
        for label, projection in self.projections.items():
            found[f"{label} weight"] = self._list(projection, "weight")
            if self.learns and label in ("in", "out", "from values"):
                # cores have none within an update of several trials, which the host must have
                with suppress(SimulationError):
                    found[f"{label} gradient"] = self._list(projection, "gradient")
        return found

    def weights(self) -> dict[str, np.ndarray]:
        """Weights only."""
        return {f"{label} weight": self._list(projection, "weight")
                for label, projection in self.projections.items()}

    @staticmethod
    def _list(projection: Any, name: str) -> np.ndarray:
        return np.array(projection.get(name, "list", with_address=False), dtype=float)

    def recorded(self) -> dict[str, np.ndarray]:
        """All that was recorded, by segment, population and variable."""
        found = {}
        for label in self.populations.keys() - {"source"}:
            for number, segment in enumerate(self.populations[label].get_data().segments):
                name = f"segment {number}, {label}"
                for train in segment.spiketrains:
                    cell = train.annotations["source_index"]
                    found[f"{name}: spikes of {cell}"] = np.asarray(train.magnitude)
                for signal in segment.analogsignals:
                    found[f"{name}: {signal.name}"] = np.asarray(signal.magnitude)
        return found


def _values(amount: float, frames: int) -> np.ndarray:
    """Values of two cells, (cells, frames)."""
    return amount * np.sin(np.arange(2 * frames)).reshape(2, frames)


def play(sim: ModuleType, sequence: Sequence, look: bool = True, expected: list[str] | None = None,
         **setup: Any) -> Played:
    """Play a sequence: to its end, or to the first error that is not ``expected``.

    ``look``: read after each operation, not at the end only. Raises errors that are not typed.
    """
    played, script = Played(), Script(sim, sequence, setup)
    with tempfile.TemporaryDirectory() as folder:
        for number, operation in enumerate(sequence.operations):
            outcome = message = ""
            try:
                script.do(operation, Path(folder))
            except EPropError as error:
                outcome, message = type(error).__name__, str(error)
            played.outcomes.append(outcome)
            played.messages.append(message)
            if outcome and expected is not None and not expected[number]:
                break
            if look:
                played.found[number] = script.recorded() | script.seen()
    if not look and len(played.outcomes) == len(sequence.operations):
        with suppress(EPropError):      # NEST: within an interval, or what it does not show
            played.found[number] = script.recorded() | script.weights()
    return played


def compare(found: Played, expected: Played, sequence: Sequence,
            same: Callable[[np.ndarray, np.ndarray], bool]) -> bool:
    """Hold what was played against the witness; whether it was played to its end."""
    for number, outcome in enumerate(found.outcomes):
        what = f"after {sequence.operations[:number + 1]}"
        if expected.outcomes[number]:
            assert outcome, f"{what}: the last is refused by the host only, " \
                f"{expected.messages[number]}"
        elif outcome:
            return False
        if number in found.found:
            _check(found.found[number], expected.found[number], what, same)
    return True


def _check(found: dict[str, np.ndarray], expected: dict[str, np.ndarray], what: str,
           same: Callable[[np.ndarray, np.ndarray], bool]) -> None:
    assert found.keys() <= expected.keys(), what
    for name, ours in found.items():
        value = expected[name]
        assert ours.shape == value.shape, f"{what}: {name} {ours.shape}, not {value.shape}"
        if ": " in name and len(ours) and np.all(np.isnan(ours[0])):
            ours, value = ours[1:], value[1:]       # recorded from here on: a core is not asked
        assert same(ours, value), f"{what}: {name} is {ours}, not {value}"
