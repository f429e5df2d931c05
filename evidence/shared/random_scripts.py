"""Random networks as PyNN scripts: the same script, from a seed, on any backend."""

from dataclasses import dataclass, field
from types import ModuleType

import numpy as np
from pyNN.parameters import Sequence

from pynn_eprop import SGD, Adam, Arctan, Exponential, FastSigmoid, PiecewiseLinear, StepDecay
from pynn_eprop.models.rules import RULES

UPDATES = 6
OPTIMIZERS = (Adam(lr=0.01), Adam(lr=0.01, eps_hat=True, eps=1e-5), SGD(lr=0.0005),
              Adam(lr=0.02, beta1=0.8, schedule=StepDecay(0.5, 2)))
SHAPES = (PiecewiseLinear(), PiecewiseLinear(0.5, 1.5), Exponential(), FastSigmoid(0.4, 0.5),
          Arctan())


@dataclass
class Outcome:
    """Results of a script.

    spikes: per population one array of times (ms) per cell. signals: by (population, variable).
    weights, gradients: (pre, post) by projection; biases: by population. traces: of some synapses
    of each projection onto cells that learns.
    """

    spikes: dict[str, list[np.ndarray]] = field(default_factory=dict)
    signals: dict[tuple[str, str], np.ndarray] = field(default_factory=dict)
    weights: dict[str, np.ndarray] = field(default_factory=dict)
    gradients: dict[str, np.ndarray] = field(default_factory=dict)
    biases: dict[str, np.ndarray] = field(default_factory=dict)
    traces: dict[str, np.ndarray] = field(default_factory=dict)


class RandomScript:
    """A network whose every part is drawn from a seed.

    analog: with analog sources besides, onto cells and readouts.
    """

    def __init__(self, seed: int, analog: bool = False) -> None:
        self.seed, self.analog = seed, analog
        rng = np.random.default_rng([seed, 2])
        self.timestep = float(rng.choice([1.0, 0.5]))
        self.steps = int(rng.choice([12, 20, 31]))
        self.trials = int(rng.choice([1, 1, 2, 3]))
        self.boundary = str(rng.choice(["reset", "reset", "continuous"]))
        self.rng = rng

    @property
    def interval(self) -> float:
        """Of learning, ms."""
        return self.steps * self.timestep

    def play(self, sim: ModuleType, **keywords: object) -> Outcome:
        """Build, run at least :data:`UPDATES` updates in several pieces, and collect."""
        self.rng = np.random.default_rng([self.seed, 3])
        sim.setup(timestep=self.timestep, update_interval=self.interval, boundary=self.boundary,
                  trials_per_update=self.trials, seed=self.seed, **keywords)
        total = self.interval * self.trials * UPDATES
        sources = self._sources(sim, total + 3 * self.interval)
        cells = [self._cells(sim, number) for number in range(self.rng.integers(1, 3))]
        readouts = [self._readouts(sim, number, total + 3 * self.interval)
                    for number in range(self.rng.integers(1, 3))]
        projections = self._connect(sim, sources, cells, readouts)
        if self.analog:
            sources.append(self._analog(sim, [*cells, *readouts], projections))
        if self.rng.random() < 0.3:
            cells[0].inject(sim.DCSource(amplitude=0.1, start=self.interval,
                                         stop=3 * self.interval))
        for population in (*sources, *cells):
            population.record(population.celltype.recordable[:1])
        for population in cells:
            population.record(["v", "h", "learning_signal"])
            if "a" in population.celltype.recordable:
                population.record("a")
        for population in readouts:
            population.record(["y", "error", "target"])
            if population.celltype.loss is not None:
                population.record("loss")
        for projection in projections.values():
            if self._has_traces(projection):
                projection.record("eligibility_trace", synapses=min(5, len(projection)),
                                  sampling_interval=2 * self.timestep)
        self._run(sim, total)
        return self._collect(sources, cells, readouts, projections)

    @staticmethod
    def _has_traces(projection: object) -> bool:
        return len(projection) and projection.synapse_type.optimizer is not None \
            and projection.post.label.startswith("cells")

    def _run(self, sim: ModuleType, total: float) -> None:
        part = (self.steps // 2) * self.timestep
        sim.run(self.interval + part)
        sim.set_learning(False)
        sim.run(self.interval - part)     # decides nothing yet: an interval is under way
        sim.run(self.interval)            # teaches nothing
        sim.set_learning(True)
        sim.run(total - 2 * self.interval)
        assert sim.num_updates() >= UPDATES

    def _weights(self, sim: ModuleType, scale: float) -> object:
        return sim.RandomDistribution("normal", mu=0.0, sigma=scale)

    def _sources(self, sim: ModuleType, total: float) -> list:
        rng = self.rng
        poisson = sim.Population(int(rng.integers(2, 5)), sim.SpikeSourcePoisson(
            rate=float(rng.uniform(60.0, 200.0)) / self.timestep), label="poisson")
        times = []
        for _ in range(int(rng.integers(2, 5))):
            steps = np.sort(rng.integers(0, round(total / self.timestep), int(total / 8)))
            times.append(Sequence(steps * self.timestep))       # some are there twice
        given = sim.Population(len(times), sim.SpikeSourceArray(spike_times=times), label="given")
        return [poisson, given]

    def _analog(self, sim: ModuleType, targets: list, made: dict) -> object:
        """Sources of frames of one to five steps that repeat, or go on for a while."""
        rng = np.random.default_rng([self.seed, 5])
        steps = int(rng.integers(1, 6))
        frames = self.steps // steps if rng.random() < 0.5 else 4 * self.steps
        source = sim.Population(3, sim.AnalogSource(
            rng.normal(0.1, 0.4, (3, frames)), frame_duration=steps * self.timestep,
            start=float(rng.integers(0, 3)) * self.timestep), label="analog")
        for target in targets:
            plastic = getattr(target.celltype, "loss", True) is not None
            label = f"analog_{target.label}"
            made[label] = sim.Projection(
                source, target, sim.FixedProbabilityConnector(0.8), sim.EPropSynapse(
                    weight=self._weights(sim, 0.4),
                    delay=float(rng.integers(1, 4)) * self.timestep,
                    optimizer=OPTIMIZERS[rng.integers(len(OPTIMIZERS))] if plastic else None,
                    rule=str(rng.choice(list(RULES)))), label=label)
        return source

    def _cells(self, sim: ModuleType, number: int) -> object:
        rng = self.rng
        size = int(rng.integers(3, 7))
        parameters = {
            "tau_m": rng.uniform(8.0, 25.0, size), "v_thresh": float(rng.uniform(0.4, 0.8)),
            "tau_refrac": float(rng.integers(0, 5)) * self.timestep,
            "c_reg": float(rng.choice([0.0, 0.05])), "f_target": 20.0,
            "pseudo_derivative": SHAPES[rng.integers(len(SHAPES))]}
        if rng.random() < 0.5:
            kind = sim.EPropALIF(beta=rng.uniform(0.05, 0.3, size), tau_a=50.0, **parameters)
        else:
            kind = sim.EPropLIF(**parameters)
        cells = sim.Population(size, kind, label=f"cells{number}")
        cells.initialize(v=float(rng.choice([0.0, 0.1])))
        return cells

    def _readouts(self, sim: ModuleType, number: int, total: float) -> object:
        rng = self.rng
        loss = [["mse", "cross_entropy"], ["mse", "cross_entropy", None]][number]
        loss = loss[rng.integers(len(loss))]
        size = int(rng.integers(2, 4))
        steps = self.steps if rng.random() < 0.6 else self.steps * -(-round(
            total / self.timestep) // self.steps)
        target = rng.normal(size=(size, steps))
        if loss == "cross_entropy":
            target = np.abs(target) / np.abs(target).sum(axis=0)
        if rng.random() < 0.6:
            target[:, rng.random(steps) < 0.5] = np.nan
        return sim.Population(size, sim.EPropReadout(
            tau_m=float(rng.choice([2.0, 15.0, 30.0])), loss=loss, bias=float(rng.choice([0, 0.1])),
            target=target if loss else None,
            bias_optimizer=OPTIMIZERS[0] if loss and rng.random() < 0.5 else None),
            label=f"readout{number}")

    def _connect(self, sim: ModuleType, sources: list, cells: list, readouts: list) -> dict:
        rng, made = self.rng, {}
        rules = np.random.default_rng([self.seed, 4])

        def project(pre: object, post: object, scale: float, plastic: bool = True) -> None:
            connector = sim.AllToAllConnector(allow_self_connections=bool(rng.random() < 0.3)) \
                if rng.random() < 0.6 else sim.FixedProbabilityConnector(0.7)
            delay = float(rng.choice([1, 1, 2, 4])) * self.timestep
            if rng.random() < 0.3:
                delay = sim.RandomDistribution("normal", mu=0.0, sigma=2.0, rng=sim.NumpyRNG(
                    self.seed))
                delay = (1 + rng.integers(0, 5, (pre.size, post.size))) * self.timestep
            bounds = {"w_min": -0.8, "w_max": 0.9} if rng.random() < 0.2 else {}
            optimizer = OPTIMIZERS[rng.integers(len(OPTIMIZERS))] if plastic else None
            label = f"{pre.label}_{post.label}"
            made[label] = sim.Projection(
                pre, post, connector, sim.EPropSynapse(
                    weight=self._weights(sim, scale), delay=delay, optimizer=optimizer,
                    rule=str(rules.choice(list(RULES))), **bounds),
                label=label)

        for pre in sources:
            for post in cells:
                project(pre, post, 0.5, plastic=rng.random() < 0.8)
        for pre in cells:
            for post in cells:
                project(pre, post, 0.3)
            for post in readouts:
                project(pre, post, 0.4, plastic=post.celltype.loss is not None)
        if rng.random() < 0.5:
            project(sources[1], readouts[0], 0.3)
        for readout in readouts:
            for post in cells:
                self._feedback(sim, readout, post)
        return made

    def _feedback(self, sim: ModuleType, readout: object, cells: object) -> None:
        kind = self.rng.choice(["random", "symmetric", "windowed", "global"])
        if kind == "global" and readout.celltype.loss is not None \
                and readout.celltype.loss.name == "cross_entropy":
            kind = "random"     # the errors of a softmax sum to 0: rounding is all it would give
        every = sim.AllToAllConnector()
        signal = {"random": {"weight": self._weights(sim, 0.7)}, "symmetric": {"symmetric": True},
                  "windowed": {"window": 3 * self.timestep, "weight": 0.6},
                  "global": {"weight": 0.5}}[str(kind)]
        sim.Projection(readout, cells, every, sim.LearningSignal(**signal),
                       receptor_type="learning_signal", label=f"{readout.label}_{cells.label}_back")

    def _collect(self, sources: list, cells: list, readouts: list, projections: dict) -> Outcome:
        outcome = Outcome()
        for population in (*sources, *cells, *readouts):
            segment = population.get_data().segments[-1]
            if len(segment.spiketrains):
                outcome.spikes[population.label] = [np.asarray(train.magnitude)
                                                    for train in segment.spiketrains]
            for signal in segment.analogsignals:
                outcome.signals[population.label, signal.name] = np.asarray(signal.magnitude)
        for label, projection in projections.items():
            outcome.weights[label] = projection.get("weight", "array")
            if projection.synapse_type.optimizer is not None:
                outcome.gradients[label] = projection.get("gradient", "array")
            if self._has_traces(projection):
                (signal,) = projection.get_data().segments[-1].analogsignals
                outcome.traces[label] = np.asarray(signal.magnitude)
        for population in readouts:
            outcome.biases[population.label] = np.asarray(population.get("bias", simplify=False))
        return outcome


def relative(found: np.ndarray, expected: np.ndarray) -> float:
    """Largest difference, relative to the largest value expected."""
    assert found.shape == expected.shape
    assert (np.isnan(found) == np.isnan(expected)).all()
    largest = np.nanmax(np.abs(expected), initial=0.0)
    return float(np.nanmax(np.abs(found - expected), initial=0.0) / max(largest, 1e-12))
