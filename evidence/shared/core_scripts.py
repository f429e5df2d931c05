"""One script, run on the cores of an emulated board and on their twin, the host engine."""

from dataclasses import dataclass, field
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np
from pyNN.parameters import Sequence

from pynn_eprop import Adam


@dataclass(frozen=True)
class Script:
    """A network with three plastic projections and what differs between the cases.

    pause: steps, for a script in machine time; stops are in machine time then, too. in_pauses:
    whether inputs also send at each step of the pauses. analog: steps of a frame of values that
    also reach network and readouts; 0: there are none.
    """

    inputs: int = 5
    cells: int = 12
    readouts: int = 2
    steps: int = 40
    trials: int = 1
    updates: int = 3
    model: str = "EPropLIF"
    parameters: dict[str, Any] = field(default_factory=dict)
    loss: str = "mse"
    optimizer: Any = field(default_factory=lambda: Adam(lr=0.003))
    readout: dict[str, Any] = field(default_factory=dict)
    feedback: dict[str, Any] = field(default_factory=dict)
    density: float = 1.0
    delays: tuple[float, ...] = (1.0,)
    missing: float = 0.0
    whole_run: bool = False
    synapse: dict[str, Any] = field(default_factory=dict)
    second_readout: bool = False
    stops: tuple[float, ...] = ()
    drive: float = 1.3
    rate: float = 300.0     # of each input, Hz
    pause: int = 0
    in_pauses: bool = False
    analog: int = 0
    setup: dict[str, Any] = field(default_factory=dict)

    @property
    def duration(self) -> float:
        """Of the intervals, in ms."""
        return float(self.steps * self.trials * self.updates)

    @property
    def end(self) -> float:
        """Of the run, in ms."""
        return float((self.steps + self.pause) * self.trials * self.updates)

    def sent(self, times: np.ndarray) -> np.ndarray:
        """When inputs send, for times without pauses."""
        moved = times + times // self.steps * self.pause
        if not self.in_pauses:
            return moved
        every = np.arange(self.end)
        return np.union1d(moved, every[every % (self.steps + self.pause) >= self.steps])


def target(script: Script, rng: np.random.Generator, readouts: int, loss: str) -> np.ndarray:
    """Random targets of readouts, (readouts, steps); NaN for a share of them."""
    steps = int(script.duration) if script.whole_run else script.steps
    if loss == "mse":
        values = rng.normal(size=(readouts, steps))
        values[rng.random((readouts, steps)) < script.missing] = np.nan
    else:
        values = np.eye(readouts)[rng.integers(readouts, size=steps)].T
        values[:, rng.random(steps) < script.missing] = np.nan
    return values


def play(sim: ModuleType, script: Script, until: float = 1.0, **setup: Any) -> dict[str, Any]:
    """Run the script, or a share of it; everything that was recorded and learned.

    ``until=0``: only build it.
    """
    rng = np.random.default_rng(3)
    sim.setup(timestep=1.0, update_interval=float(script.steps),
              trials_per_update=script.trials, seed=1,
              **({"machine_time": True, "pause": float(script.pause)} if script.pause else {}),
              **setup)
    spikes = int(script.duration * script.rate / 1000)
    times = [np.sort(rng.choice(int(script.duration), spikes, replace=False))
             for _ in range(script.inputs)]
    clock = sim.Population(script.inputs, sim.SpikeSourceArray(
        spike_times=[Sequence(script.sent(row).astype(float)) for row in times]), label="clock")
    parameters = {"tau_m": 20.0, "v_thresh": 0.6, "tau_refrac": 3.0, "f_target": 10.0,
                  "c_reg": 0.02, **script.parameters}
    network = sim.Population(script.cells, getattr(sim, script.model)(**parameters),
                             label="network")
    readouts = [sim.Population(script.readouts, sim.EPropReadout(
        **{"tau_m": 20.0, "loss": script.loss,
           "target": target(script, rng, script.readouts, script.loss), **script.readout}),
        label="readout")]
    if script.second_readout:
        readouts.append(sim.Population(3, sim.EPropReadout(
            tau_m=7.0, loss="mse", target=target(script, rng, 3, "mse")), label="second"))
    projections = _connect(sim, script, rng, clock, network, readouts)
    if script.analog:
        projections |= _connect_values(sim, script, rng, network, readouts)
    network.record("spikes")
    (network if script.cells <= 100 else network[:4]).record(["v", "h"])
    if script.cells <= 100:
        network.record("learning_signal")
    if script.model == "EPropALIF":
        network.record("a")
    for population in readouts:
        population.record(["y", "error", "loss"])
    if until == 0.0:
        return {}
    for stop in (*script.stops, script.end):
        sim.run_until(min(stop, until * script.end))
    return _results(network, readouts, projections)


def _plastic(sim: ModuleType, script: Script, rng: np.random.Generator, pre: Any, post: Any,
             scale: float, label: str) -> Any:
    there = rng.random((pre.size, post.size)) < script.density
    if pre is post:
        np.fill_diagonal(there, False)
    i, j = np.nonzero(there)
    rows = np.column_stack([i, j, rng.normal(size=len(i)) * scale,
                            rng.choice(script.delays, size=len(i))])
    return sim.Projection(pre, post, sim.FromListConnector(rows.tolist()), sim.EPropSynapse(
        optimizer=script.optimizer, **script.synapse), label=label)


def _connect(sim: ModuleType, script: Script, rng: np.random.Generator, clock: Any, network: Any,
             readouts: list[Any]) -> dict[str, Any]:
    plastic = partial(_plastic, sim, script, rng)
    projections = {
        "in": plastic(clock, network, script.drive / np.sqrt(script.inputs), "in"),
        "recurrent": plastic(network, network, 1.0 / np.sqrt(script.cells), "recurrent")}
    everyone = sim.AllToAllConnector()
    for readout in readouts:
        name = f"to {readout.label}"
        projections[name] = plastic(network, readout, 1.0 / np.sqrt(script.cells), name)
        feedback = {**script.feedback}
        if feedback.get("window"):
            feedback["weight"] = 0.3
        elif not feedback.get("symmetric"):
            feedback["weight"] = rng.normal(size=(readout.size, network.size)) * 0.3
        sim.Projection(readout, network, everyone, sim.LearningSignal(**feedback),
                       receptor_type="learning_signal", label=f"from {readout.label}")
    return projections


def _connect_values(sim: ModuleType, script: Script, rng: np.random.Generator, network: Any,
                    readouts: list[Any]) -> dict[str, Any]:
    frames = int(script.duration) // script.analog
    analog = sim.Population(4, sim.AnalogSource(
        rng.normal(size=(4, frames)), frame_duration=float(script.analog), repeats=False),
        label="analog")
    return {f"values to {post.label}": _plastic(sim, script, rng, analog, post, 0.05,
                                                f"values to {post.label}")
            for post in (network, *readouts)}


def _results(network: Any, readouts: list[Any], projections: dict[str, Any]) -> dict[str, Any]:
    segment = network.get_data().segments[-1]
    found: dict[str, Any] = {
        "spikes": [np.asarray(train.magnitude).tolist() for train in segment.spiketrains]}
    for signal in segment.analogsignals:
        found[signal.name] = np.asarray(signal.magnitude)
    for readout in readouts:
        for signal in readout.get_data().segments[-1].analogsignals:
            found[f"{readout.label} {signal.name}"] = np.asarray(signal.magnitude)
        found[f"{readout.label} bias"] = np.atleast_1d(readout.get("bias"))
    for name, projection in projections.items():
        for what in ("weight", "gradient"):
            found[f"{name} {what}"] = np.asarray(
                projection.get(what, format="list", with_address=False), dtype=float)
    return found
