"""e-prop as one backward filter for each population and rule (eq. 1 to 5, 22 to 28, 56).

The eligibility vector of a synapse from i to j is eps^t = J_j^t eps^{t-1} + d_j^t z_i^{t-d}, with J
and d of the postsynaptic cell alone, and its trace e^t = h_j^t g_j^t . eps^t; of cells that pass on
values h is 1, g the derivative of their output, and what a synapse does to the output beside the
state is a further term of e^t (eq. 30 to 40). A sum over steps of
e^t times a number of the cell is therefore sum_t F_j^t z_i^{t-d}, with F from the transposed
recursion, backward in time: state for each cell, none for each synapse. What traces hold at the
start and at the end of a stretch enters by the same recursion, so that traces may cross it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp

from pynn_eprop.functional.model import Model, Tree
from pynn_eprop.models.rules import EligibilityVectors, PostsynapticFactor, Rule
from pynn_eprop.models.rules.postsynaptic_factor import Memory


@dataclass(frozen=True)
class Traces:
    """The recursion of the eligibility vector of cells, over a stretch of steps.

    Numbers by state variable or pair (of, by), of shape (steps, size), (size,) or (). h:
    (steps, size). decays: state variables that are carried at the start of a step; others at its
    end. direct: what multiplies the input in e beside the eligibility vector; None: 0.
    """

    states: tuple[str, ...]
    decays: tuple[str, ...]
    carried: Mapping[tuple[str, str], Any]
    drive: Mapping[str, Any]
    distance: Mapping[str, Any]
    h: Any
    direct: Any = None

    def back(self, weight: Any, last: Mapping[str, Any] | None = None
             ) -> tuple[Any, dict[str, Any]]:
        """F, (steps, size), and what multiplies the eligibility vector at the start, by state.

        For sum_t weight^t e^t + sum_x last_x eps_x^T; weight: (steps, size), last: (size,) each.
        """
        zero = jnp.zeros_like(self.h[0])
        end = {state: zero if last is None else last[state] for state in self.states}
        groups: dict[str, Mapping[Any, Any]] = {
            "carried": self.carried, "drive": self.drive, "distance": self.distance}
        varying = {group: {key: value for key, value in entries.items() if jnp.ndim(value) == 2}
                   for group, entries in groups.items()}

        def step(after: dict[str, Any], now: Any) -> tuple[dict[str, Any], Any]:
            h_weight, rows = now
            carried, drive, distance = ({**groups[group], **rows[group]} for group in groups)
            within = {state: after[state] if state in self.decays else zero
                      for state in self.states}
            for (of, by), factor in carried.items():
                if of not in self.decays:
                    within[by] = within[by] + factor * after[of]
            for by, factor in distance.items():
                within[by] = within[by] + factor * h_weight
            F = sum((factor * within[of] for of, factor in drive.items()), zero)
            before = {state: zero if state in self.decays else within[state]
                      for state in self.states}
            for (of, by), factor in carried.items():
                if of in self.decays:
                    before[by] = before[by] + factor * within[of]
            return before, F

        start, F = jax.lax.scan(step, end, (self.h * weight, varying), reverse=True)
        return F if self.direct is None else F + self.direct * self.h * weight, start


def states_of(model: Model, population: int, rule: Rule) -> tuple[str, ...]:
    """The parts of the eligibility vector of a synapse onto a population."""
    if isinstance(rule, PostsynapticFactor):
        return ("zhat",)
    return model.learning[population].state_variables()


def memory_of(rule: Rule) -> tuple[str, ...]:
    """What a postsynaptic factor keeps for each cell."""
    return rule.memory if isinstance(rule, PostsynapticFactor) else ()


def traces_of(model: Model, constants: Tree, activity: Tree, population: int, rule: Rule,
              memory: Memory | None = None, receptor: str = "") -> Traces:
    """The recursion of the eligibility vectors of synapses onto a population, by a rule.

    memory: of a postsynaptic factor, at the start; 0 if not given. receptor: of cells that pass on
    values.
    """
    if isinstance(rule, PostsynapticFactor):
        factor, _ = factors_of(model, constants, activity, population, rule, memory)
        if "active" in activity:    # a factor that is not of h may go on
            factor = jnp.where(activity["active"][:, jnp.newaxis], factor, 0.0)
        filtered = {("zhat", "zhat"): constants["cells"][population]["alpha"]} \
            if rule.membrane_trace else {}
        return Traces(("zhat",), ("zhat",), filtered, {"zhat": 1.0}, {"zhat": 1.0}, factor)
    assert isinstance(rule, EligibilityVectors)
    if population in model.analog:
        return _traces_of_analog(model, constants, activity, population, rule, receptor)
    kind = model.spiking[population]
    transition, drive, distance = _derivatives(model, constants, activity, population)
    carried = {
        pair: factor for pair, factor in transition.items()
        if (rule.membrane_trace if pair in kind.presynaptic_trace else rule.adaptation_trace)}
    return Traces(kind.state_variables(), kind.carried_at_start(), carried, drive, distance,
                  activity["h"][population])


def _traces_of_analog(model: Model, constants: Tree, activity: Tree, population: int,
                      rule: EligibilityVectors, receptor: str) -> Traces:
    """The recursion of synapses at a receptor of cells that pass on values."""
    kind, states = model.analog[population], activity["state"][population]
    unchanging = {**constants["cells"][population], "timestep": model.network.settings.timestep}
    earlier = {name: jnp.concatenate([activity["before"][population][name][jnp.newaxis], rows[:-1]])
               for name, rows in states.items()}

    def of_step(now: Numbers, before: Numbers) -> tuple[Numbers, ...]:
        cells = SimpleNamespace(**unchanging, **now,
                                before=SimpleNamespace(**unchanging, **before))
        return tuple({key: _as(value, next(iter(before.values())))
                      for key, value in numbers.items()} for numbers in (
            kind.transition(cells), kind.drive(cells), kind.output_gradient(cells),
            kind.output_drive(cells)))

    transition, drive, gradient, direct = jax.vmap(of_step)(
        {**states, **activity["gates"][population]}, earlier)
    ones = jnp.ones_like(next(iter(states.values())))
    if "active" in activity:
        ones = jnp.where(activity["active"][:, jnp.newaxis], ones, 0.0)
    return Traces(kind.state_variables(), kind.state_variables(),
                  transition if rule.adaptation_trace else {},
                  {of: factor for (of, by), factor in drive.items() if by == receptor},
                  gradient, ones, direct.get(receptor))


def factors_of(model: Model, constants: Tree, activity: Tree, population: int,
               rule: PostsynapticFactor, memory: Memory | None = None) -> tuple[Any, Memory]:
    """P of each step, (steps, size), and the memory after the last one, (size,) each."""
    depth = model.depth(population)
    z = activity["spikes"][population][depth:]
    states = activity["state"].get(population, {})      # none are kept if no rule reads them
    rows = {**states, "z": z, "h": activity["h"][population]}
    unchanging = {**constants["cells"][population], "timestep": model.network.settings.timestep}
    zero = jnp.zeros_like(z[0])
    start = {name: zero if memory is None else memory[name] for name in rule.memory}

    def step(kept: Any, now: Numbers) -> tuple[Any, Any]:
        P, after = rule.factor(kept, SimpleNamespace(**{**unchanging, **now}))
        return {name: _as(after[name], zero) for name in rule.memory}, _as(P, zero)

    end, P = jax.lax.scan(step, start, rows)
    return P, end


def _as(values: Any, like: Any) -> Any:
    return jnp.broadcast_to(jnp.asarray(values), like.shape).astype(like.dtype)


Numbers = dict[Any, Any]


def _derivatives(model: Model, constants: Tree, activity: Tree, population: int
                 ) -> tuple[Numbers, Numbers, Numbers]:
    """The derivatives that a kind gives; see :class:`SpikingCells`."""
    kind = model.spiking[population]

    def of(cells: Any) -> tuple[Numbers, ...]:
        return tuple({key: jnp.asarray(factor) for key, factor in numbers.items()} for numbers in (
            kind.transition(cells), kind.drive(cells), kind.distance_gradient(cells)))

    timestep = model.network.settings.timestep
    unchanging = constants["cells"][population]
    depth = model.depth(population)
    z, h = activity["spikes"][population][depth:], activity["h"][population]
    if kind.learns_from_h:      # some of the derivatives do not change; the others are elementwise
        found = of(SimpleNamespace(**unchanging, timestep=timestep, z=z, z_reset=z, h=h))
        return found[0], found[1], found[2]
    states, before = activity["state"][population], activity["before"][population]
    now = {**states, "z": z, "h": h}
    earlier = {name: jnp.concatenate([before[name][jnp.newaxis], rows[:-1]])
               for name, rows in now.items()}

    def of_step(now: Numbers, earlier: Numbers, arriving: Any) -> tuple[Numbers, ...]:
        def seen(values: Numbers) -> dict[str, Any]:
            return {**unchanging, "timestep": timestep, **values, "z_reset": values["z"]}

        found = of(SimpleNamespace(**seen(now), arriving=arriving,
                                   before=SimpleNamespace(**seen(earlier))))
        return tuple({key: jnp.broadcast_to(value, (kind.size,)) for key, value in numbers.items()}
                     for numbers in found)

    found = jax.vmap(of_step)(now, earlier, activity["arriving"][population])
    return found[0], found[1], found[2]
