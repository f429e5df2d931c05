"""Scripts whose runs are cut into parts, for any backend.

A plan says what a network contains and what its script does at fixed times; cuts say where run()
stops besides, how it gets there and what is read then. Everything random comes from the plan's
seed. NEST has a process of its own, so that plans, cuts and what comes back can be pickled.
"""

import importlib
import sys
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pynn_eprop import SGD, Adam, StepDecay

OPTIMIZERS = {"adam": Adam(lr=0.02, eps_hat=True), "sgd": SGD(lr=1e-3),
              "adam schedule": Adam(lr=0.05, eps_hat=True, schedule=StepDecay(0.5, 1)),
              "sgd schedule": SGD(lr=3e-3, schedule=StepDecay(0.5, 1))}
CURRENTS = ("dc", "ac", "step", "noisy")


@dataclass(frozen=True)
class Plan:
    """A network and the fixed part of its script.

    steps: of an interval; intervals: of the run, which ends ``tail`` steps after the last.
    learning: whether time has intervals. window: steps at the end of an interval that have targets
    (None: all). current: kind of current source, into stock cells if there are any.
    sampling: steps from sample to sample. recorded: which populations are, by their letters
    (sources, cells, readouts, kept by the backend: "scrk"). events: (step, what), "off" and "on"
    for learning, "record" what was not recorded before, "spikes", "values" and "target" for new
    ones, "weights" for others. analog: steps of a frame of values; 0: there are none.
    """

    seed: int = 1
    timestep: float = 1.0
    steps: int = 20
    intervals: int = 4
    tail: int = 0
    learning: bool = True
    trials: int = 1
    boundary: str = "reset"
    cells: tuple[str, ...] = ("EPropLIF",)
    refractory: int = 2
    c_reg: float = 0.0
    poisson: bool = False
    analog: int = 0
    stock: str | None = None
    delays: tuple[int, ...] = (1,)
    optimizer: str = "adam"
    loss: str = "mse"
    readouts: int = 1
    whole_run: bool = False
    window: int | None = None
    missing: bool = False
    bias: bool = False
    feedback: str = "random"
    current: str | None = None
    sampling: int = 1
    recorded: str = "scrk"
    events: tuple[tuple[int, str], ...] = ()

    @property
    def end(self) -> int:
        """Steps of the run."""
        return self.steps * self.intervals + self.tail


@dataclass(frozen=True)
class Cut:
    """A stop of run() at a step.

    way: "run", "run_until", or "callbacks", called every ``every`` steps. read: "data" and "counts"
    of spikes, "assembly" for data of all cells as one, which the script then overwrites, "clear"
    for data that are then forgotten, "weights"; callbacks read them, too.
    """

    step: int
    way: str = "run"
    every: int = 1
    read: str = ""


Samples = dict[str, dict[int, tuple[float, ...]]]
"""By "population/variable": the cells' values by step."""
Spikes = dict[str, list[tuple[int, int]]]
"""By population: (step, cell), sorted."""


@dataclass
class Read:
    """Recordings that were read within the run, and whether they were cleared then."""

    step: int
    cleared: bool
    samples: Samples
    spikes: Spikes


@dataclass
class Outcome:
    """Results of a script: learned has weights, gradients and biases by label, counts spikes."""

    samples: Samples = field(default_factory=dict)
    spikes: Spikes = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    learned: dict[str, list[float]] = field(default_factory=dict)
    read: list[Read] = field(default_factory=list)
    updates: int = 0
    time: float = 0.0


class Script:
    """The network of a plan on a backend."""

    def __init__(self, sim: Any, plan: Plan, **setup: Any) -> None:
        self.sim, self.plan, self.outcome = sim, plan, Outcome()
        self._happened: set[str] = set()
        self._changed = 0       # the step at which recording began, or sources got other spikes
        self.rng = np.random.default_rng([plan.seed, 11])
        interval = {"update_interval": plan.steps * plan.timestep,
                    "trials_per_update": plan.trials} if plan.learning else {}
        boundary = {} if plan.boundary == "reset" else {"boundary": plan.boundary}
        sim.setup(timestep=plan.timestep, seed=plan.seed, **interval, **boundary, **setup)
        self.given = sim.Population(4, sim.SpikeSourceArray(spike_times=self._times()),
                                    label="given")
        self.sources = [self.given]
        if plan.poisson:
            self.sources.append(sim.Population(2, sim.SpikeSourcePoisson(
                rate=150.0 / plan.timestep, start=3 * plan.timestep), label="poisson"))
        if plan.analog:
            self.analog = sim.Population(3, sim.AnalogSource(
                self._values(), frame_duration=plan.analog * plan.timestep), label="analog")
            self.sources.append(self.analog)
        self.cells = [self._make_cells(kind, number) for number, kind in enumerate(plan.cells)]
        self.readouts = [self._make_readouts(number) for number in range(plan.readouts)]
        self.kept = [] if plan.stock is None else [sim.Population(
            3, getattr(sim, plan.stock)(tau_m=10.0, v_thresh=-60.0, tau_refrac=2 * plan.timestep),
            label="stock")]
        self.projections: list[Any] = []
        self._connect()
        if plan.current is not None:
            (self.kept or self.cells)[0].inject(self._current(plan.current))
        for group, letter in self._groups():
            if letter in plan.recorded:
                self._record(group)

    def _ms(self, steps: Any) -> Any:
        return np.round(np.asarray(steps) * self.plan.timestep, 9)

    def _times(self) -> list[Any]:
        steps = [np.flatnonzero(self.rng.random(self.plan.end) < 0.25) for _ in range(4)]
        return [self.sim.Sequence(self._ms(row)) for row in steps]

    def _values(self) -> np.ndarray:
        """Values of an interval, which repeat, or of most of the run, which do not.

        All fit the format that is chosen for the first.
        """
        steps = self.plan.steps if self.rng.random() < 0.5 else self.plan.end - 5
        values = np.clip(self.rng.normal(0.1, 0.3, (3, -(-steps // self.plan.analog))), -1.0, 1.0)
        values[0, 0] = 1.0
        return values

    def _make_cells(self, kind: str, number: int) -> Any:
        adaptive = {"beta": 0.1, "tau_a": 50.0} if kind == "EPropALIF" else {}
        return self.sim.Population(4, getattr(self.sim, kind)(
            tau_m=10.0, v_thresh=0.5, tau_refrac=self.plan.refractory * self.plan.timestep,
            f_target=30.0, c_reg=self.plan.c_reg, **adaptive), label=f"cells {number}")

    def _target(self) -> np.ndarray:
        plan = self.plan
        steps = plan.steps * (plan.intervals + 2 if plan.whole_run else 1)
        target = self.rng.normal(0.0, 0.5, (2, steps)) if plan.loss == "mse" \
            else self.rng.dirichlet(np.ones(2), steps).T
        if plan.window is not None:
            target[:, np.arange(steps) % plan.steps < plan.steps - plan.window] = np.nan
        if plan.missing:
            target[:, self.rng.random(steps) < 0.3] = np.nan
        return target

    def _make_readouts(self, number: int) -> Any:
        plan = self.plan
        if not plan.learning:
            return self.sim.Population(2, self.sim.EPropReadout(tau_m=10.0, loss=None),
                                       label=f"readouts {number}")
        bias = {"bias": 0.1, "bias_optimizer": OPTIMIZERS[plan.optimizer]} if plan.bias else {}
        return self.sim.Population(2, self.sim.EPropReadout(
            tau_m=10.0, loss=plan.loss, target=self._target(), **bias), label=f"readouts {number}")

    def _connect(self) -> None:
        for cells in self.cells:
            for source in self.sources:
                self._project(source, cells, 0.6)
            for pre in self.cells:
                self._project(pre, cells, 0.2)
            for readouts in self.readouts:
                self._project(cells, readouts, 0.5)
                if self.plan.learning:
                    self._teach(readouts, cells)
        for stock in self.kept:
            weight, delay = (20.0 if self.plan.stock == "IF_curr_delta" else 8.0), self._delay()
            for pre in (self.given, self.cells[0]):
                self.sim.Projection(pre, stock, self.sim.AllToAllConnector(),
                                    self.sim.StaticSynapse(weight=weight, delay=delay),
                                    label=f"{pre.label} to stock")
            self.sim.Projection(stock, self.cells[0], self.sim.AllToAllConnector(),
                                self.sim.StaticSynapse(weight=0.1, delay=self._delay()),
                                label="stock to cells 0")

    def _delay(self) -> float:
        return float(self._ms(self.plan.delays[int(self.rng.integers(len(self.plan.delays)))]))

    def _project(self, pre: Any, post: Any, scale: float) -> None:
        optimizer = OPTIMIZERS[self.plan.optimizer] if self.plan.learning else None
        self.projections.append(self.sim.Projection(
            pre, post, self.sim.AllToAllConnector(), self.sim.EPropSynapse(
                weight=self.rng.normal(0.2, scale, (pre.size, post.size)), delay=self._delay(),
                optimizer=optimizer), label=f"{pre.label} to {post.label}"))

    def _teach(self, readouts: Any, cells: Any) -> None:
        signal = {"random": {"weight": self.rng.normal(size=(2, 4))}, "symmetric": {
            "symmetric": True}, "windowed": {"window": 3 * self.plan.timestep, "weight": 0.6}}
        self.sim.Projection(readouts, cells, self.sim.AllToAllConnector(),
                            self.sim.LearningSignal(**signal[self.plan.feedback]),
                            receptor_type="learning_signal",
                            label=f"{readouts.label} teach {cells.label}")

    def _current(self, kind: str) -> Any:
        sim, scale = self.sim, 1.0 if self.kept else 0.05
        start, stop = (float(self._ms(steps)) for steps in (7, self.plan.end - 5))
        if kind == "dc":
            return sim.DCSource(amplitude=scale, start=start, stop=stop)
        if kind == "ac":
            return sim.ACSource(amplitude=scale, frequency=60.0, start=start, stop=stop)
        if kind == "step":
            steps = np.arange(3, self.plan.end, 6)
            return sim.StepCurrentSource(times=self._ms(steps), amplitudes=scale * np.cos(steps))
        return sim.NoisyCurrentSource(mean=scale, stdev=scale, start=start, stop=stop,
                                      dt=2 * self.plan.timestep)

    # --- recording ---

    def _groups(self) -> list[tuple[Any, str]]:
        return [(population, letter) for letter, group in zip(
            "scrk", (self.sources, self.cells, self.readouts, self.kept), strict=True)
            for population in group]

    def _record(self, population: Any) -> None:
        if population in self.sources:
            analog = population.label == "analog"
            population.record("value" if analog else "spikes",
                              sampling_interval=self._sampling() if analog else None)
        elif population in self.readouts:
            learning = ["error", "target"] if self.plan.learning else []
            population.record(["y", *learning], sampling_interval=self._sampling())
            if self.plan.learning:
                population.record("loss")
        elif population in self.kept:
            population.record(["spikes", "v"])
        else:
            adaptation = ["a"] if "a" in population.celltype.recordable else []
            signal = ["learning_signal"] if self.plan.learning else []
            population.record(["v", "h", *signal, *adaptation],
                              sampling_interval=self._sampling())
            population.record("spikes")

    def _sampling(self) -> float:
        return self.plan.sampling * self.plan.timestep

    def _recorded(self) -> list[Any]:
        return [population for population, letter in self._groups()
                if letter in self.plan.recorded or "record" in self._happened]

    def _spikes(self, population: Any) -> bool:
        return population not in self.readouts and population.label != "analog"

    def _step(self) -> int:
        return round(float(self.sim.get_current_time()) / self.plan.timestep)

    def data(self, clear: bool = False) -> tuple[dict[str, Any], dict[str, Any]]:
        """Samples by step and spikes, as :class:`Outcome` has them."""
        samples: dict[str, Any] = {}
        spikes: dict[str, Any] = {}
        dt = self.plan.timestep
        for population in self._recorded():
            segment = population.get_data(clear=clear).segments[-1]
            for signal in segment.analogsignals:
                first, every = (float(value.rescale("ms")) / dt for value in (
                    signal.t_start, signal.sampling_period))
                assert signal.units.dimensionality.string
                samples[f"{population.label}/{signal.name}"] = {
                    round(first + place * every): tuple(row.tolist())
                    for place, row in enumerate(np.asarray(signal.magnitude))}
            if len(segment.spiketrains):
                spikes[population.label] = sorted(
                    (round(float(time) / dt), int(train.annotations["source_index"]))
                    for train in segment.spiketrains for time in np.asarray(train.magnitude))
        return samples, spikes

    def read(self, what: str) -> None:
        """Read something, if a step was run since recording began or spikes were set."""
        if self._step() == self._changed:
            return
        if what in ("data", "clear"):
            found = self.data(what == "clear")
            self.outcome.read.append(Read(self._step(), what == "clear", *found))
        elif what == "counts":
            for population in self._recorded():
                if self._spikes(population):
                    population.get_spike_counts()
        elif what == "assembly":
            block = self.sim.Assembly(*self.cells).get_data()
            for signal in block.segments[-1].analogsignals:
                signal *= 2.0
        elif what == "weights":
            self.learned()

    def learned(self) -> dict[str, list[float]]:
        """Weights, and gradients and biases if the backend shows them."""
        found = {projection.label: projection.get("weight", "list", with_address=False)
                 for projection in self.projections}
        if self.plan.learning and not self.sim.__name__.endswith("nest"):
            found |= {f"{projection.label} gradient": projection.get(
                "gradient", "list", with_address=False) for projection in self.projections}
        if self.plan.bias:
            found |= {readouts.label: np.asarray(readouts.get("bias", simplify=False)).tolist()
                      for readouts in self.readouts}
        return {label: [float(value) for value in values] for label, values in found.items()}

    # --- running ---

    def run(self, cuts: Iterable[Cut]) -> Outcome:
        """The whole script; runs stop at events and cuts."""
        stops: list[tuple[Cut, str]] = [*((cut, "") for cut in cuts), (Cut(self.plan.end), ""),
                                        *((Cut(step), what) for step, what in self.plan.events)]
        for cut, event in sorted(stops, key=lambda stop: (stop[0].step, not stop[1], stop[1])):
            self._go(cut)
            self.read(cut.read)
            self._do(event)
        samples, spikes = self.data()
        outcome = self.outcome
        outcome.samples, outcome.spikes = samples, spikes
        if not any(read.cleared for read in outcome.read):
            outcome.counts = {population.label: sum(population.get_spike_counts().values())
                              for population in self._recorded() if self._spikes(population)}
        outcome.time, outcome.updates = float(self.sim.get_current_time()), self.sim.num_updates()
        if not (self.plan.tail and self.sim.__name__.endswith("nest")):
            outcome.learned = self.learned()
        self.sim.end()
        return outcome

    def _go(self, cut: Cut) -> None:
        length = (cut.step - self._step()) * self.plan.timestep
        every = cut.every * self.plan.timestep

        def callback(now: float) -> float:
            self.read(cut.read)
            return now + every

        if cut.way == "run_until":
            self.sim.run_until(float(self._ms(cut.step)))
        else:
            self.sim.run(length, callbacks=[callback] if cut.way == "callbacks" else None)

    def _do(self, what: str) -> None:
        plan = self.plan
        if what:
            self._happened.add(what)
        rng = np.random.default_rng([plan.seed, self._step()])
        if what in ("off", "on"):
            self.sim.set_learning(what == "on")
        elif what == "record":
            self._changed = self._step()
            for population, letter in self._groups():
                if letter not in plan.recorded:
                    self._record(population)
        elif what == "spikes":
            self._changed = self._step()
            later = self._step() + np.flatnonzero(rng.random(plan.end) < 0.2)
            self.given.set(spike_times=self.sim.Sequence(self._ms(later)))
        elif what == "values" and plan.analog:
            self._changed = self._step()
            self.analog.set(values=self._values())
        elif what == "target":
            self.readouts[0].set(target=self._target())
        elif what == "weights":
            values = rng.normal(0.1, 0.5, self.projections[0].shape)
            self.projections[0].set(weight=values)


def play(backend: str, plan: Plan, cuts: tuple[Cut, ...], **setup: Any) -> Outcome:
    """The plan's script with its runs cut."""
    sim = importlib.import_module(f"pynn_eprop.{backend}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Script(sim, plan, **setup).run(cuts)


#: Recordings that a backend gives late: data read within a run lack the last of them.
LATE = {"host": (), "jax": (), "nest": (), "brian2": ("stock",),
        "spinnaker": ("stock", "learning_signal")}


#: Backends in which a cut changes the order in which the trials of an update add up.
ROUNDED = ("jax",)


def differences(backend: str, cut: Outcome, whole: Outcome) -> list[str]:
    """The differences of a run in parts from the same run in one piece; all must be equal.

    What was read on the way must be the beginning of what the whole run gave, from where data were
    last forgotten; of what is late, the pieces together must be the whole.
    """
    found = [name for name in ("updates", "time") if getattr(cut, name) != getattr(whole, name)]
    found += [f"learned: {label}" for label in whole.learned
              if not _equal(cut.learned[label], whole.learned[label], backend in ROUNDED)]
    if cut.counts and cut.counts != whole.counts:
        found.append(f"counts: {cut.counts} for {whole.counts}")
    reads = [*cut.read, Read(sys.maxsize, True, cut.samples, cut.spikes)]
    since = -1
    for read in reads:
        found += _compared(f"read at {read.step}", _but(LATE[backend], read.samples, read.spikes),
                           _but(LATE[backend], *_between(whole, since, read.step)),
                           backend in ROUNDED)
        since = read.step if read.cleared else since
    late = _only(LATE[backend], *_joined([read for read in reads if read.cleared]))
    return found + _compared("pieces", late, _only(LATE[backend], whole.samples, whole.spikes))


def _but(names: tuple[str, ...], samples: Samples, spikes: Spikes) -> tuple[Samples, Spikes]:
    """All entries but those whose names contain one of these."""
    return ({name: rows for name, rows in samples.items() if not any(n in name for n in names)},
            {name: train for name, train in spikes.items() if not any(n in name for n in names)})


def _only(names: tuple[str, ...], samples: Samples, spikes: Spikes) -> tuple[Samples, Spikes]:
    """The entries whose names contain one of these."""
    return ({name: rows for name, rows in samples.items() if any(n in name for n in names)},
            {name: train for name, train in spikes.items() if any(n in name for n in names)})


def _joined(reads: list[Read]) -> tuple[Samples, Spikes]:
    samples: Samples = {}
    spikes: Spikes = {}
    for read in reads:
        for name, rows in read.samples.items():
            samples.setdefault(name, {}).update(rows)
        for name, train in read.spikes.items():
            spikes[name] = sorted(spikes.get(name, []) + train)
    return samples, spikes


def _between(whole: Outcome, since: int, last: int) -> tuple[Samples, Spikes]:
    """The data at ``last`` if all but the present samples was cleared at ``since``."""
    samples = {name: {step: row for step, row in rows.items()
                      if step <= last and (step > since or (step == since
                                                            and not name.endswith("/loss")))}
               for name, rows in whole.samples.items()}
    spikes = {name: [spike for spike in train if since < spike[0] <= last]
              for name, train in whole.spikes.items()}
    return samples, spikes


def _compared(when: str, found: tuple[Samples, Spikes], expected: tuple[Samples, Spikes],
              rounded: bool = False) -> list[str]:
    different = []
    for name in sorted({*found[0], *expected[0]}):
        ours, theirs = found[0].get(name, {}), expected[0].get(name, {})
        if list(ours) != list(theirs):
            different.append(f"{when}: steps of {name}: {list(ours)[:3]}..{list(ours)[-1:]} for "
                             f"{list(theirs)[:3]}..{list(theirs)[-1:]}")
        elif not _equal(list(ours.values()), list(theirs.values()), rounded):
            first = next(step for step in ours if not _equal(ours[step], theirs[step], rounded))
            different.append(f"{when}: {name} from step {first} on: {ours[first]} for "
                             f"{theirs[first]}")
    for name in sorted({*found[1], *expected[1]}):
        ours, theirs = found[1].get(name, []), expected[1].get(name, [])
        if ours != theirs:
            different.append(f"{when}: spikes of {name}: {len(ours)} for {len(theirs)}; "
                             f"{sorted(set(ours) ^ set(theirs))[:3]}")
    return different


def _equal(ours: Any, theirs: Any, rounded: bool = False) -> bool:
    one, other = np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)
    if rounded:
        return one.shape == other.shape and np.allclose(one, other, rtol=1e-9, atol=1e-11,
                                                        equal_nan=True)
    return np.array_equal(one, other, equal_nan=True)
