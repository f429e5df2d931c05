"""Random networks with their input, from a plan of what they contain.

A :class:`Plan` names features; every number comes from its seed. Weights are random float64, so
that a membrane potential never meets a threshold exactly: two implementations that sum in another
order then spike alike.
"""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from pynn_eprop.models.cells import (
    ALIFCells,
    AnalogCells,
    AnalogSources,
    ArtificialCells,
    CurrentBasedCells,
    CurrExpCells,
    LearningCells,
    Population,
    Readouts,
    Sources,
    SpikingCells,
)
from pynn_eprop.models.losses import MSE, CrossEntropy, Loss
from pynn_eprop.models.network import (
    Boundary,
    Feedback,
    FixedFeedback,
    Inputs,
    LearningSignal,
    Network,
    Projection,
    Recording,
    Settings,
    SymmetricFeedback,
    WindowedFeedback,
)
from pynn_eprop.models.optimizers import SGD, Adam, Optimizer, StepDecay
from pynn_eprop.models.pseudo_derivatives import PSEUDO_DERIVATIVES
from pynn_eprop.models.rules import resolve_rule
from tests.descriptions import (
    alif,
    all_pairs,
    artificial,
    current_based,
    lif,
    lstm,
    readouts,
)

OPTIMIZERS: dict[str, Optimizer | None] = {
    "static": None,
    "sgd": SGD(lr=0.002),
    "sgd schedule": SGD(lr=0.004, schedule=StepDecay(0.5, 2)),
    "adam": Adam(lr=0.02),
    "adam schedule": Adam(lr=0.03, beta1=0.8, beta2=0.99, schedule=StepDecay(0.3, 1)),
    "eps hat": Adam(lr=0.02, eps=1e-4, eps_hat=True),
}
WIRINGS = ("all", "no self", "sparse", "duplicates", "one to one", "empty")
DELAYS = ("one", "constant", "mixed", "long")
FEEDBACKS = ("random", "symmetric", "windowed", "none")
TARGETS = ("interval", "run", "late")
MISSING = ("nowhere", "prefix", "steps", "entries")
CHANGES = ("weights", "population", "target", "checkpoint")


@dataclass(frozen=True)
class CellPlan:
    """E-prop cells. ``varied``: parameters differ from cell to cell."""

    size: int = 6
    adaptive: bool = False
    shape: str = "piecewise_linear"
    refractory: int = 2
    rate_term: bool = False
    varied: bool = False
    backwards: bool = False


@dataclass(frozen=True)
class UnitPlan:
    """Cells that pass on values: LSTM units, or artificial cells with an activation function."""

    size: int = 3
    activation: str = ""
    tanh_output: bool = False
    backwards: bool = False


@dataclass(frozen=True)
class ReadoutPlan:
    """Readouts. loss: "mse", "cross_entropy" or None; missing: which steps have no target."""

    size: int = 2
    loss: str | None = "mse"
    target: str = "interval"
    missing: str = "nowhere"
    bias_optimizer: str = "static"
    tau_m: float = 15.0


@dataclass(frozen=True)
class Plan:
    """The parts of a network.

    analog: sizes of sources of values; analog_frame: steps for which these hold. short: intervals
    have lengths of their own.

    stretches: (steps, learning), run one after the other. changes: what happens between them, the
    first two only if no update is in progress: "weights" (replaced), "population" (new
    parameters), "target" (one for the rest of the run), "checkpoint" (restored into a new machine).
    """

    seed: int = 0
    timestep: float = 1.0
    interval_steps: int | None = 20
    trials: int = 1
    boundary: Boundary = Boundary.RESET
    sources: tuple[int, ...] = (4,)
    analog: tuple[int, ...] = ()
    analog_frame: int = 1
    short: bool = False
    cells: tuple[CellPlan, ...] = (CellPlan(),)
    units: tuple[UnitPlan, ...] = ()
    stock: tuple[bool, ...] = ()
    readouts: tuple[ReadoutPlan, ...] = (ReadoutPlan(),)
    wirings: tuple[str, ...] = ("all",)
    delays: tuple[str, ...] = ("one",)
    optimizers: tuple[str, ...] = ("adam",)
    rules: tuple[str, ...] = ("e-prop",)
    bounds: bool = False
    feedbacks: tuple[str, ...] = ("random",)
    currents: bool = False
    stretches: tuple[tuple[int, bool], ...] = ((80, True),)
    changes: tuple[str, ...] = ()

    @property
    def steps(self) -> int:
        """Length of the whole run."""
        return sum(steps for steps, _ in self.stretches)

    def between_updates(self) -> list[bool]:
        """Whether no update is in progress after each of the stretches."""
        if self.interval_steps is None:
            return [True] * len(self.stretches)
        step, trials, counts, clean = 0, 0, True, []
        for steps, learning in self.stretches:
            for _ in range(steps):
                counts = learning if step % self.interval_steps == 0 else counts
                step += 1
                trials += counts and step % self.interval_steps == 0
            clean.append(trials % self.trials == 0 and step % self.interval_steps == 0)
        return clean


@dataclass(frozen=True)
class Case:
    """A network and what happens to it.

    spikes: (steps + 1, size) counts of each source; values: likewise, of each source of values.
    lengths: of all intervals, if they are not whole.
    """

    plan: Plan
    network: Network
    spikes: dict[int, np.ndarray]
    currents: dict[int, np.ndarray]
    recordings: tuple[Recording, ...] = field(default=())
    values: dict[int, np.ndarray] = field(default_factory=dict)
    lengths: np.ndarray | None = None

    def inputs(self, start: int, steps: int) -> Inputs:
        """The inputs of a stretch."""
        spikes = {}
        for index, counts in self.spikes.items():
            step, cell = np.nonzero(counts[start:start + steps + 1])
            repeats = counts[start + step, cell]
            spikes[index] = (np.repeat(step + start, repeats), np.repeat(cell, repeats))
        currents = {index: array[start:start + steps] for index, array in self.currents.items()}
        values = {index: array[start:start + steps + 1] for index, array in self.values.items()}
        return Inputs(spikes, currents, values, self._lengths(start, start + steps))

    def _lengths(self, start: int, end: int) -> np.ndarray | None:
        if self.lengths is None:
            return None
        length = self.plan.interval_steps
        assert length is not None
        return self.lengths[-(-start // length):-(-end // length)]


def make_case(plan: Plan) -> Case:
    """The case of a plan; the same for the same plan."""
    rng = np.random.default_rng(plan.seed)
    populations: list[Population] = [
        Sources(f"sources {i}", size) for i, size in enumerate(plan.sources)]
    populations += [AnalogSources(f"analog {i}", size) for i, size in enumerate(plan.analog)]
    populations += [spiking_cells(rng, cells) for cells in plan.cells]
    populations += [units(rng, plan) for plan in plan.units]
    populations += [stock_cells(rng, exponential) for exponential in plan.stock]
    populations += [readout_cells(rng, plan, readout) for readout in plan.readouts]
    projections = _projections(rng, plan, populations)
    network = Network(
        Settings(plan.timestep, plan.interval_steps, plan.trials, plan.boundary),
        tuple(populations), tuple(projections),
        tuple(_signals(rng, plan, populations, projections)))
    spikes = {}
    currents = {}
    values = {}
    for index, population in enumerate(populations):
        if isinstance(population, Sources):
            rate = rng.uniform(0.05, 0.3)
            spikes[index] = rng.choice(3, (plan.steps + 1, population.size),
                                       p=[1 - rate, 0.9 * rate, 0.1 * rate])
        elif isinstance(population, AnalogSources):
            frames = rng.normal(0.1, 0.3, (plan.steps // plan.analog_frame + 1, population.size))
            frames[rng.random(len(frames)) < 0.2] = 0.0     # and some that do not differ
            values[index] = np.repeat(frames, plan.analog_frame, axis=0)[:plan.steps + 1]
        elif plan.currents and isinstance(population, (SpikingCells, CurrentBasedCells)):
            currents[index] = rng.normal(0.0, 0.05, (plan.steps, population.size))
    lengths = None
    if plan.short and plan.interval_steps is not None:
        lengths = rng.integers(1, plan.interval_steps + 1, -(-plan.steps // plan.interval_steps))
        lengths[rng.random(len(lengths)) < 0.3] = plan.interval_steps
    return Case(plan, network, spikes, currents, _recordings(populations), values, lengths)


def spiking_cells(rng: np.random.Generator, plan: CellPlan) -> SpikingCells:
    """E-prop cells with random parameters."""
    size = plan.size

    def draw(low: float, high: float) -> Any:
        return rng.uniform(low, high, size) if plan.varied else rng.uniform(low, high)

    shape = PSEUDO_DERIVATIVES[plan.shape](rng.uniform(0.2, 0.5), rng.uniform(0.8, 1.5))
    options: dict[str, Any] = {
        "pseudo_derivative": shape, "tau_m": draw(8, 30), "v_thresh": draw(0.4, 0.7),
        "refractory_steps": rng.integers(0, plan.refractory + 1, size) if plan.varied
        else plan.refractory,
        "backwards": plan.backwards,
        "f_target": draw(5, 30), "c_reg": draw(0.005, 0.05) if plan.rate_term else 0.0,
        "v_initial": draw(-0.1, 0.2) if plan.varied else 0.0}
    if not plan.adaptive:
        return lif(size, label="LIF", **options)
    return alif(size, label="ALIF", beta=draw(-0.05, 0.5), tau_a=draw(30, 500),
                a_initial=draw(0, 0.5) if plan.varied else 0.0, **options)


def units(rng: np.random.Generator, plan: UnitPlan) -> AnalogCells:
    """Cells that pass on values, with random parameters that differ from cell to cell."""
    size = plan.size

    def draw(low: float, high: float) -> np.ndarray:
        return rng.uniform(low, high, size)

    if plan.activation:
        return artificial(size, plan.activation, label="artificial", leak=draw(0.0, 1.0),
                          bias=draw(-0.3, 0.3), s_initial=draw(-0.2, 0.2),
                          backwards=plan.backwards)
    return lstm(size, plan.tanh_output, label="LSTM", backwards=plan.backwards,
                c_initial=draw(-0.3, 0.3), **{f"{gate}_bias": draw(-0.5, 1.0) for gate in (
                    "input", "forget", "output", "cell")})


def stock_cells(rng: np.random.Generator, exponential: bool) -> CurrentBasedCells:
    """Two IF_curr cells that a constant current makes spike every few steps."""
    options: dict[str, Any] = {
        "v_thresh": -50.0, "tau_m": rng.uniform(5, 20, 2), "cm": rng.uniform(0.5, 1.5, 2),
        "i_offset": rng.uniform(1.5, 6.0, 2), "v_reset": rng.uniform(-70, -60, 2),
        "refractory_steps": rng.integers(0, 4, 2), "v_initial": rng.uniform(-65, -51, 2)}
    if exponential:
        options |= {"tau_syn_E": rng.uniform(2, 10, 2), "tau_syn_I": options["tau_m"].copy(),
                    "isyn_exc_initial": rng.uniform(0, 1, 2)}
    return current_based(2, exponential, **options)


def readout_cells(rng: np.random.Generator, plan: Plan, readout: ReadoutPlan) -> Readouts:
    """Readouts with random biases and targets."""
    size, whole = readout.size, readout.target != "interval"
    start = int(rng.integers(plan.steps)) if readout.target == "late" else 0
    columns = plan.steps - start if whole else plan.interval_steps or plan.steps
    loss: Loss | None = None
    target = None
    if readout.loss is not None:
        loss = MSE() if readout.loss == "mse" else CrossEntropy()
        target = targets(rng, loss, size, columns)
    if target is not None and readout.missing == "prefix":
        target[:, :columns // 2] = np.nan
    elif target is not None and readout.missing == "steps":
        target[:, rng.random(columns) < 0.4] = np.nan
    elif target is not None and readout.missing == "entries" and readout.loss == "mse":
        target[rng.random(target.shape) < 0.4] = np.nan
    learns = plan.interval_steps is not None
    return readouts(
        size, label=f"readouts {readout.loss}", loss=loss, target=target,
        target_repeats=not whole, target_start=start, tau_m=readout.tau_m,
        bias=rng.normal(0.0, 0.1, size), y_initial=rng.normal(0.0, 0.1, size),
        bias_optimizer=OPTIMIZERS[readout.bias_optimizer] if learns else None)


def targets(rng: np.random.Generator, loss: Loss, size: int, steps: int) -> np.ndarray:
    """Random targets that a loss accepts."""
    if isinstance(loss, CrossEntropy):
        return rng.dirichlet(np.ones(size), steps).T
    return rng.normal(0.0, 0.7, (size, steps))


def _projections(rng: np.random.Generator, plan: Plan,
                 populations: list[Population]) -> list[Projection]:
    """One projection for each pair of populations, two for some."""
    projections = []
    for pre, before in enumerate(populations):
        for post, after in enumerate(populations):
            if isinstance(before, Readouts) or after.from_outside \
                    or (before.emits_values and not after.learns) or _mixes(before, after):
                continue
            copies = 1 + (len(plan.wirings) > 1 and rng.random() < 0.15)
            for _ in range(copies):
                for port in after.ports() if isinstance(after, AnalogCells) else ("",):
                    projections.append(_projection(rng, plan, pre, post, before, after, port))
    return projections


def _mixes(before: Population, after: Population) -> bool:
    """Whether one of two populations of cells runs backwards and the other does not."""
    return isinstance(before, LearningCells) and isinstance(after, LearningCells) \
        and getattr(before, "backwards", False) != getattr(after, "backwards", False)


def _projection(rng: np.random.Generator, plan: Plan, pre: int, post: int, before: Population,
                after: Population, receptor: str = "") -> Projection:
    pairs = np.array(all_pairs(before.size, after.size, self_connections=True))
    wiring = rng.choice(plan.wirings)
    if wiring == "no self" and pre == post:
        pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    elif wiring == "one to one":
        pairs = pairs[pairs[:, 0] == pairs[:, 1]]
    elif wiring == "empty":
        pairs = pairs[:0]
    elif wiring == "sparse":
        pairs = rng.permutation(pairs[rng.random(len(pairs)) < 0.4])
    elif wiring == "duplicates":
        pairs = rng.permutation(np.concatenate([pairs, pairs[rng.random(len(pairs)) < 0.5]]))
    count = len(pairs)
    delay = {"one": np.ones(count), "constant": np.full(count, rng.integers(1, 6)),
             "mixed": rng.integers(1, 6, count),
             "long": rng.integers(1, 2 * (plan.interval_steps or 20), count),
             }[rng.choice(plan.delays)].astype(int)
    scale = (2.0 if before.from_outside else 1.0) / np.sqrt(before.size)
    bounds: dict[str, float] = {}
    if plan.bounds and rng.random() < 0.5:
        bounds = {"w_min": -0.5 * scale, "w_max": 0.8 * scale}
    learns = plan.interval_steps is not None and not isinstance(after, CurrentBasedCells)
    optimizer = OPTIMIZERS[rng.choice(plan.optimizers)] if learns else None
    return Projection(
        f"{before.label} to {after.label} {receptor}".strip(), pre, post, pairs[:, 0], pairs[:, 1],
        rng.normal(0.0, scale, count), delay, optimizer,
        inhibitory=bool(isinstance(after, CurrentBasedCells) and rng.random() < 0.5),
        rule=resolve_rule(plan.rules[(pre + post) % len(plan.rules)]), receptor=receptor, **bounds)


def _signals(rng: np.random.Generator, plan: Plan, populations: list[Population],
             projections: list[Projection]) -> list[LearningSignal]:
    signals = []
    for source, readout in enumerate(populations):
        for target, cells in enumerate(populations):
            if not isinstance(readout, Readouts) or not isinstance(cells, LearningCells):
                continue
            kind = rng.choice(plan.feedbacks)
            forward = [i for i, p in enumerate(projections) if (p.pre, p.post) == (target, source)]
            shape = (cells.size, readout.size)
            feedback: Feedback = FixedFeedback(rng.normal(0.0, 0.5, shape))
            if kind == "symmetric" and forward:
                feedback = SymmetricFeedback(forward[0])
            elif kind == "windowed":
                window = int(rng.integers(1, 8))
                windows = -(-(plan.interval_steps or plan.steps) // window)
                feedback = WindowedFeedback(window, rng.normal(0.0, 0.5, (windows, *shape)))
            if kind != "none":
                signals.append(LearningSignal(f"{kind} {source} to {target}", source, target,
                                              feedback))
    return signals


def _recordings(populations: list[Population]) -> tuple[Recording, ...]:
    """Everything of every cell, and some of it thinned out."""
    recordings = []
    for index, population in enumerate(populations):
        variables = population.recordable()
        every = np.arange(population.size)
        recordings += [Recording(index, variable, every) for variable in variables]
        if not isinstance(population, Sources):
            variable = variables[1] if "v" in variables else "y" if "y" in variables else "value"
            recordings.append(Recording(index, variable, every[::-2], every=3))
    return tuple(recordings)


def changed_population(rng: np.random.Generator, network: Network, index: int) -> Network:
    """The network with new random parameters for one population of the same kind and size."""
    old = network.populations[index]
    new: Population = old
    if isinstance(old, SpikingCells):
        new = spiking_cells(rng, CellPlan(
            old.size, isinstance(old, ALIFCells), old.pseudo_derivative.name, 3,
            bool(np.any(old.c_reg > 0)), True, old.backwards))
    elif isinstance(old, AnalogCells):
        new = replace(units(rng, UnitPlan(
            old.size, old.activation.name if isinstance(old, ArtificialCells) else "",
            getattr(old, "tanh_output", False), old.backwards)), label=old.label)
    elif isinstance(old, CurrentBasedCells):
        new = stock_cells(rng, isinstance(old, CurrExpCells))
    elif isinstance(old, Readouts):
        new = replace(old, tau_m=float(rng.uniform(5, 30)), bias=rng.normal(0, 0.1, old.size))
    return _with_population(network, index, new)


def changed_target(rng: np.random.Generator, network: Network, index: int, bias: np.ndarray,
                   start: int, steps: int) -> Network:
    """The network with a target from step ``start`` on for a readout population with a loss."""
    old = network.populations[index]
    assert isinstance(old, Readouts) and old.loss is not None
    target = targets(rng, old.loss, old.size, steps)
    return _with_population(network, index, replace(
        old, target=target, target_repeats=False, target_start=start, bias=bias))


def _with_population(network: Network, index: int, population: Population) -> Network:
    populations = (*network.populations[:index], population, *network.populations[index + 1:])
    return replace(network, populations=populations)
