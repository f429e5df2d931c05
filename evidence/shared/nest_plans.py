"""Small networks that learn, as scripts for any backend, from a plan of what they contain.

Everything random comes from the plan's seed. No input spikes come in the first two steps of an
interval, in which NEST deviates from the equations (tests/nest/test_quirks.py).
"""

from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

import numpy as np

from pynn_eprop import SGD, Adam, Arctan, Exponential, FastSigmoid, PiecewiseLinear, StepDecay

SHAPES = {"piecewise_linear": PiecewiseLinear, "exponential": Exponential,
          "fast_sigmoid": FastSigmoid, "arctan": Arctan}
OPTIMIZERS = {     # rates at which training does not diverge, which would magnify roundings
    "sgd": SGD(lr=5e-6),
    "sgd schedule": SGD(lr=1e-5, schedule=StepDecay(0.5, 2)),
    "adam": Adam(lr=0.01, eps_hat=True),
    "adam large eps": Adam(lr=0.01, eps=1e-3, eps_hat=True),
}
READOUTS = 2
FREE = 2      # steps at the beginning of an interval without input


@dataclass(frozen=True)
class Plan:
    """The parts of a network. window: steps at the end of an interval with targets (None: all)."""

    seed: int = 1
    timestep: float = 1.0
    steps: int = 60
    updates: int = 6
    trials: int = 1
    cells: tuple[str, ...] = ("lif",)
    size: int = 6
    inputs: int = 5
    shape: str = "piecewise_linear"
    refractory: int = 2
    varied: bool = False
    loss: str = "mse"
    window: int | None = None
    optimizer: str = "adam"
    c_reg: float = 0.0
    p_connect: float = 1.0
    readout_populations: int = 1
    static: bool = False
    whole_run_target: bool = False
    bounds: bool = False

    @property
    def intervals(self) -> int:
        """Of the whole run."""
        return self.updates * self.trials

    @property
    def duration(self) -> float:
        """Of the whole run, ms."""
        return self.intervals * self.steps * self.timestep


def random_plan(seed: int) -> Plan:
    """A plan with features drawn from the seed; everything that NEST can do occurs."""
    rng = np.random.default_rng([seed, 97])

    def choose(*options: Any) -> Any:
        return options[int(rng.integers(len(options)))]

    steps = choose(40, 60, 100)
    trials = choose(1, 2)
    return Plan(
        seed=seed, timestep=choose(1.0, 1.0, 0.5), steps=steps, updates=choose(6, 8), trials=trials,
        cells=choose(("lif",), ("alif",), ("lif", "alif")), size=choose(5, 8), inputs=choose(4, 6),
        shape=choose(*SHAPES), refractory=choose(0, 1, 2, 5), varied=choose(True, False),
        loss=choose("mse", "cross_entropy"), window=choose(None, None, steps // 3),
        optimizer=choose(*OPTIMIZERS), c_reg=0.0 if trials > 1 else choose(0.0, 0.01),
        p_connect=choose(1.0, 0.6), readout_populations=choose(1, 1, 2),
        static=choose(True, False), whole_run_target=choose(True, False),
        bounds=choose(True, False))


def targets(plan: Plan, rng: np.random.Generator) -> np.ndarray:
    """Of one interval or of the whole run, (readouts, steps)."""
    intervals = plan.intervals if plan.whole_run_target else 1
    if plan.loss == "mse":
        target = rng.normal(0.0, 0.5, (READOUTS, intervals * plan.steps))
    else:
        target = rng.dirichlet(np.ones(READOUTS), intervals * plan.steps).T
    if plan.window is not None:
        local = np.arange(target.shape[1]) % plan.steps
        target[:, local < plan.steps - plan.window] = np.nan
    return target


class Script:
    """The network of a plan, built on a backend."""

    def __init__(self, sim: ModuleType, plan: Plan, **setup: Any) -> None:
        self.sim, self.plan = sim, plan
        if sim.__name__ == "pynn_eprop.host":
            setup = {"precision": "float64", **{name: value for name, value in setup.items()
                                                if name not in ("quirks",)}}
        sim.setup(timestep=plan.timestep, update_interval=plan.steps * plan.timestep,
                  trials_per_update=plan.trials, seed=plan.seed, **setup)
        rng = np.random.default_rng(plan.seed)
        self.inputs = sim.Population(plan.inputs, sim.SpikeSourceArray(
            spike_times=self._spike_times(rng)), label="inputs")
        self.cells = [self._cells(kind, rng) for kind in plan.cells]
        self.readouts = [
            sim.Population(READOUTS, sim.EPropReadout(tau_m=15.0, loss=plan.loss,
                                                      target=targets(plan, rng)),
                           label=f"readouts {number}")
            for number in range(plan.readout_populations)]
        self.plastic: list[Any] = []
        self._connect_all(rng)

    def _spike_times(self, rng: np.random.Generator) -> list[Any]:
        plan = self.plan
        spikes = rng.random((plan.inputs, plan.intervals * plan.steps)) < 0.15
        spikes[:, np.arange(spikes.shape[1]) % plan.steps < FREE] = False
        return [self.sim.Sequence(np.flatnonzero(row) * plan.timestep) for row in spikes]

    def _cells(self, kind: str, rng: np.random.Generator) -> Any:
        sim, plan = self.sim, self.plan

        def draw(low: float, high: float) -> Any:
            return rng.uniform(low, high, plan.size) if plan.varied else rng.uniform(low, high)

        parameters = {
            "tau_m": draw(10.0, 30.0), "v_thresh": draw(0.4, 0.7), "f_target": draw(5.0, 30.0),
            "tau_refrac": plan.refractory * plan.timestep, "c_reg": plan.c_reg,
            "pseudo_derivative": SHAPES[plan.shape](rng.uniform(0.2, 0.5), rng.uniform(0.8, 1.5))}
        if kind == "lif":
            return sim.Population(plan.size, sim.EPropLIF(**parameters), label="lif")
        return sim.Population(plan.size, sim.EPropALIF(
            beta=draw(0.02, 0.3), tau_a=draw(50.0, 300.0), **parameters), label="alif")

    def _connect_all(self, rng: np.random.Generator) -> None:
        for post in self.cells:
            self._connect(self.inputs, post, 2.5, rng)
            for pre in self.cells:
                self._connect(pre, post, 0.8, rng)
            for readout in self.readouts:
                self._connect(post, readout, 1.0, rng)
                self.sim.Projection(
                    readout, post, self.sim.AllToAllConnector(),
                    self.sim.LearningSignal(weight=rng.normal(size=(readout.size, post.size))),
                    receptor_type="learning_signal", label=f"{readout.label} teaches {post.label}")
        if self.plan.static:
            for post in [*self.cells, *self.readouts]:
                self._connect(self.inputs, post, 0.3, rng, plastic=False)
                self._connect(self.cells[0], post, 0.2, rng, plastic=False)

    def _connect(self, pre: Any, post: Any, scale: float, rng: np.random.Generator,
                 plastic: bool = True) -> None:
        sim, plan = self.sim, self.plan
        bounds = {"w_min": -1.2 * scale, "w_max": 1.2 * scale} if plan.bounds else {}
        weight = rng.uniform(-scale, scale, (pre.size, post.size))
        synapse = sim.EPropSynapse(weight=weight, optimizer=OPTIMIZERS[plan.optimizer], **bounds) \
            if plastic else sim.EPropSynapse(weight=weight, optimizer=None)
        connector = sim.AllToAllConnector(allow_self_connections=False) if plan.p_connect == 1.0 \
            else sim.FixedProbabilityConnector(plan.p_connect, allow_self_connections=False)
        kind = "plastic" if plastic else "static"
        projection = sim.Projection(pre, post, connector, synapse,
                                    label=f"{pre.label} to {post.label} {kind}")
        if plastic:
            self.plastic.append(projection)

    def record(self) -> None:
        """Record everything."""
        self.inputs.record("spikes")
        for cells in self.cells:
            adaptation = ["a"] if cells.label == "alif" else []
            cells.record(["spikes", "v", "h", "learning_signal", *adaptation])
        for readout in self.readouts:
            readout.record(["y", "error", "target", "loss"])

    def recorded(self) -> dict[str, Any]:
        """All recorded data by "population/variable": arrays, and lists of spike times."""
        data: dict[str, Any] = {}
        for population in (self.inputs, *self.cells, *self.readouts):
            segment = population.get_data().segments[0]
            for signal in segment.analogsignals:
                data[f"{population.label}/{signal.name}"] = np.asarray(signal.magnitude)
            if len(segment.spiketrains):
                data[f"{population.label}/spikes"] = [train.magnitude.tolist()
                                                      for train in segment.spiketrains]
        return data

    def weights(self) -> dict[str, np.ndarray]:
        """Weights of all plastic projections by label, (synapses,)."""
        return {projection.label: np.array(projection.get("weight", "list", with_address=False))
                for projection in self.plastic}


def play(sim: ModuleType, plan: Plan, pieces: int = 1, **setup: Any) -> dict[str, Any]:
    """Build, record everything, run in some pieces; recorded data and weights."""
    script = Script(sim, plan, **setup)
    before = script.weights()
    script.record()
    for _ in range(pieces):
        sim.run(plan.duration / pieces)
    data = script.recorded()
    weights = script.weights()
    sim.end()
    return {**data, **{f"{label}/weights": weight for label, weight in weights.items()},
            **{f"{label}/weights before": weight for label, weight in before.items()}}


def variants(plan: Plan, **changes: Any) -> Plan:
    """The plan with some features changed."""
    return replace(plan, **changes)
