"""Synapses onto e-prop cells and readouts as Brian2 Synapses, with a trace for each that learns."""

from dataclasses import dataclass
from typing import Any

import brian2
import numpy as np

from pynn_eprop.brian2 import equations
from pynn_eprop.brian2.cells import SpikingGroup
from pynn_eprop.brian2.optimizers import Descent
from pynn_eprop.brian2.readouts import ReadoutGroup
from pynn_eprop.brian2.sources import AnalogGroup, SourceGroup
from pynn_eprop.models.optimizers import Optimizer
from pynn_eprop.models.rules import Rule


@dataclass(frozen=True)
class Way:
    """The way of spikes from one population to another, in Brian2's iterations.

    group: that spikes. queued: iterations in the queue less the delay in steps. age: age of the
    spike on arrival (see :func:`equations.on_arrival`) less the delay.
    """

    group: Any
    queued: int
    age: int


def way(pre: Any, post: SpikingGroup | ReadoutGroup) -> Way:
    """The way from ``pre``: a SourceGroup, a SpikingGroup or a Brian2 group of stock cells.

    Step s is iteration s - 1. Cells spike after spikes have arrived at cells: their spikes enter a
    queue to cells one iteration later, a queue to readouts at once. Stock cells spike before
    arrivals. A source spikes at step m in iteration m.
    """
    if isinstance(pre, SourceGroup):
        return Way(pre.doubled()[0], -2, -2) if isinstance(post, ReadoutGroup) \
            else Way(pre.group, -1, -1)
    if isinstance(post, ReadoutGroup):
        return Way(pre.group if isinstance(pre, SpikingGroup) else pre, -1, -1)
    return Way(pre.group, -1, 0) if isinstance(pre, SpikingGroup) else Way(pre, 0, 0)


def _decays(kappa: tuple[float, ...]) -> dict[str, Any]:
    """Names of the equations for the readouts' decays, signal by signal."""
    return {f"kappa_{r}": value for r, value in enumerate(kappa)}


class SynapseGroup:
    """Synapses from one population to another, in the order of their arrays.

    interval_steps: T, or None if spikes cross the ends of intervals.
    """

    def __init__(self, pre: Any, post: SpikingGroup | ReadoutGroup, pre_index: np.ndarray,
                 post_index: np.ndarray, weight: np.ndarray, delay: np.ndarray,
                 interval_steps: int | None, clock: Any, rule: Rule,
                 optimizer: Optimizer | None = None,
                 bounds: tuple[float, float] = (-np.inf, np.inf),
                 kappa: tuple[float, ...] = ()) -> None:
        self.pre, self.post, self.bounds = pre, post, bounds
        self.pre_index = np.asarray(pre_index, dtype=np.int64)
        self.post_index = np.asarray(post_index, dtype=np.int64)
        self.to_readout = isinstance(post, ReadoutGroup)
        self.plastic = optimizer is not None
        self._rule = rule
        self.signals = len(kappa)
        self.gradient = np.zeros(len(weight))
        self.descent = Descent(optimizer, np.asarray(weight)) if optimizer is not None else None
        self._interval_steps, self._clock = interval_steps, clock
        self.carrier: Any = None        # brings values, as Brian2's queues bring spikes
        from_source = isinstance(pre, SourceGroup)
        namespace: dict[str, Any] = _decays(kappa)
        if self.plastic and not self.to_readout:
            timestep = float(clock.dt / brian2.ms)
            namespace |= equations.RULES[type(rule)].constants(rule, timestep)
        if isinstance(pre, SourceGroup):
            namespace["emitted"] = pre.emitted()
        if isinstance(pre, AnalogGroup):
            self.synapses = brian2.Synapses(pre.group, post.group, model=self._state(),
                                            clock=clock, namespace=namespace)
            self.carrier = brian2.NetworkOperation(self._bring_values, clock=clock)
        else:
            self._way = way(pre, post)
            self.synapses = brian2.Synapses(
                self._way.group, post.group, model=self._state(), clock=clock,
                namespace=namespace,
                on_pre=equations.on_arrival(self.plastic, from_source, interval_steps))
        early = from_source & self.to_readout & (np.asarray(delay) == 1)
        self.synapses.connect(i=self.pre_index + early * pre.size if from_source
                              else self.pre_index, j=self.post_index)
        self.synapses.w = weight
        self.set_delay(delay)
        self._arrives.when = equations.READOUTS_RECEIVE if self.to_readout else "synapses"
        if self.plastic:
            self.synapses.run_regularly(self._traces(), when=equations.AT_END, clock=clock,
                                        order=0)

    @property
    def _arrives(self) -> Any:
        """The Brian2 object by which spikes or values arrive."""
        return self.synapses.pre if self.carrier is None else self.carrier

    @property
    def slopeless(self) -> bool:
        """Whether they learn by a rule that does not read h."""
        return self.plastic and not self.to_readout and "h" not in self._rule.needs

    @property
    def objects(self) -> list[Any]:
        """All that belongs to a network."""
        return [self.synapses] if self.carrier is None else [self.synapses, self.carrier]

    def place(self, order: int) -> None:
        """Let spikes or values arrive in an order among those of other synapses."""
        self._arrives.order = order

    def _bring_values(self) -> None:
        """Let the values due at the step in progress arrive."""
        step = int(self._clock.variables["timestep"].get_value().item()) + 1
        emitted = step - self._lag
        values = self.pre.values(emitted, self.pre_index)
        if self._interval_steps is not None:
            values[emitted // self._interval_steps != (step - 1) // self._interval_steps] = 0.0
        arriving = self.post.array("arriving")
        arriving += np.bincount(self.post_index, self._array("w") * values, len(arriving))
        if self.plastic:
            self._array("arrived")[:] = values

    def _state(self) -> str:
        if not self.plastic:
            return equations.SYNAPSE_STATE
        return equations.READOUT_TRACES_STATE if self.to_readout \
            else equations.cell_traces_state(self.signals, self._rule)

    def _traces(self) -> str:
        return equations.READOUT_TRACES if self.to_readout \
            else equations.cell_traces(self.signals, self._rule)

    def set_kappa(self, kappa: tuple[float, ...]) -> None:
        """Take the decays of the readouts whose signals come here, of the next run."""
        self.synapses.namespace.update(_decays(kappa))

    def set_delay(self, delay: np.ndarray) -> None:
        """Set delays in steps, (synapses,)."""
        steps = np.asarray(delay, dtype=np.int64)
        if isinstance(self.pre, AnalogGroup):
            self._lag = steps - self.to_readout
            self.pre.remember(int(np.max(steps, initial=0)) + 1)
            return
        self.synapses.age = steps + self._way.age
        self.synapses.pre.delay = np.maximum(steps + self._way.queued, 0) * self.synapses.clock.dt
        if isinstance(self.pre, SourceGroup):
            self.pre.remember(int(np.max(steps, initial=0)) + 1)

    def _array(self, name: str) -> np.ndarray:
        return np.asarray(self.synapses.variables[name].get_value())

    @property
    def weight(self) -> np.ndarray:
        """Weights now, (synapses,)."""
        return np.array(self._array("w"))

    @weight.setter
    def weight(self, values: np.ndarray) -> None:
        self.synapses.w = values

    @property
    def eligibility(self) -> np.ndarray:
        """e of the last step, (synapses,); 0 for synapses onto readouts, which have no e."""
        return np.zeros(len(self.pre_index)) if self.to_readout else self._array("e_now")

    def begin(self) -> None:
        """Reset the traces at the start of an interval; the sums for the gradient stay."""
        if self.plastic:
            names = ["arrived", "z_bar"] if self.to_readout else [
                "arrived", "eps_v", "eps_a", *equations.RULES[type(self._rule)].state,
                *(f"e_bar_{r}" for r in range(self.signals))]
            for name in names:
                setattr(self.synapses, name, 0.0)

    def end_update(self, rate_term: np.ndarray | None) -> None:
        """Set the gradient of an update, with C_j sum_t e^t (eq. 56) for cells, and new weights."""
        assert self.descent is not None
        gradient = np.array(self._array("signal_sum"))
        if rate_term is not None:
            gradient += rate_term[self.post_index] * self._array("e_sum")
        self.gradient = gradient
        self.weight = np.clip(self.descent.step(self.weight, gradient), *self.bounds)
        self.forget_sums()

    def forget_sums(self) -> None:
        """Begin a new gradient."""
        self.synapses.signal_sum = 0.0
        if not self.to_readout:
            self.synapses.e_sum = 0.0

    def restart(self, weight: np.ndarray, learned: bool) -> None:
        """Back to time 0 with the given weights; unless ``learned``, the optimiser begins again."""
        self.weight = weight
        if self.descent is not None and not learned:
            self.descent.forget(weight)
            self.gradient = np.zeros(len(weight))
