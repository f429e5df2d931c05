"""The forward pass: spikes, states, readouts and errors of a stretch of steps (eq. 20 to 26, 41).

A stretch begins with a state, see :meth:`Model.start`, and has inputs:

step: numbers of the steps within their interval, from 1 on, (steps,); sources: by population of
sources, counts (values of analog sources) of the steps ``step[0] - depth`` ... ``step[-1]``,
(depth + steps, size); currents: by population, (steps, size), may be left out; targets: by
population of readouts with a loss, (steps, size), NaN for none. active: which of the steps
really happen, (steps,), the first ones; may be left out; there are no targets at others.
"""

from collections.abc import Collection
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp

from pynn_eprop.errors import SetupError
from pynn_eprop.functional import current_based, losses
from pynn_eprop.functional.blocks import Block
from pynn_eprop.functional.directions import count_of, emitted, own_time
from pynn_eprop.functional.filters import leaky
from pynn_eprop.functional.model import Model, Tree
from pynn_eprop.functional.spikes import slope_function, spike


@dataclass(frozen=True)
class Flow:
    """The paths that a derivative of the forward pass takes.

    detached: spikes count as given numbers on their way to other cells and in the reset, as in
    e-prop (eq. 43). detached_reset: in the reset alone (eq. 22). truncation_steps,
    rematerialize_steps: as in :class:`JaxOptions`. Raises :class:`SetupError` for steps below 1.
    """

    detached: bool = False
    truncation_steps: int | None = None
    rematerialize_steps: int | None = None
    detached_reset: bool = False

    def __post_init__(self) -> None:
        for name in ("truncation_steps", "rematerialize_steps"):
            steps = getattr(self, name)
            if steps is not None and steps < 1:
                raise SetupError(f"{name}={steps!r} must be a whole number >= 1, or None")


ATTACHED = Flow()


def rows_of(block: Block, spikes: Any, steps: int, first: Any, interval: int | None) -> Any:
    """Spikes, or values, that arrive at each step, (steps, pre); spikes: (depth + steps, pre)."""
    depth = spikes.shape[0] - steps
    rows = spikes[depth - block.lag:depth - block.lag + steps]
    if not block.masked:
        return rows
    emitted = first + jnp.arange(steps) - block.lag
    valid = emitted >= (0 if block.from_source else 1)
    if block.from_source and interval is not None:
        valid &= emitted < interval
    return rows * valid[:, jnp.newaxis].astype(rows.dtype)


def outside_input(model: Model, parameters: Tree, inputs: Tree, steps: int,
                  populations: Collection[int]) -> dict[int, tuple[Any, ...]]:
    """Sums of what arrives from sources, by population of cells: (steps, size) of each port."""
    found: dict[int, list[Any]] = {}
    count = count_of(inputs, steps)
    for index in populations:
        size = model.network.populations[index].size
        ports: list[Any] = [jnp.zeros((steps, size), model.dtype)] * model.ports(index)
        for number, block in model.onto(index):
            if block.from_source:
                rows = rows_of(block, emitted(model, block, inputs["sources"][block.pre], steps,
                                              count), steps, inputs["step"][0],
                               model.interval_steps)
                ports[block.port] = ports[block.port] + block.arriving(
                    rows, parameters["weights"][number])
        found[index] = ports
    return {index: tuple(ports) for index, ports in found.items()}


class _Steps:
    """The step of all cells that run in one direction, as ``jax.lax.scan`` takes it."""

    def __init__(self, model: Model, parameters: Tree, constants: Tree, flow: Flow,
                 populations: Collection[int]) -> None:
        self.model, self.constants, self.flow = model, constants, flow
        self.weights = parameters["weights"]
        self.recurrent = {index: [(number, block) for number, block in model.onto(index)
                                  if not block.from_source]
                          for index in populations}
        self.slopes = {index: slope_function(cells.pseudo_derivative)
                       for index, cells in model.spiking.items()}

    def depth(self, population: int) -> int:
        """How many past steps of spikes other cells may read."""
        return max([1, *(block.lag for blocks in self.recurrent.values() for _, block in blocks
                         if block.pre == population)])

    def __call__(self, now: Tree, given: Tree) -> tuple[Tree, Tree]:
        """State after the step, and the activity of the step."""
        if self.flow.truncation_steps is not None:
            now = jax.tree.map(lambda each: _cut(given["cut"], each), now)
        after, seen = self._advance(now, given)
        if "active" in given:
            active = given["active"]
            after = jax.tree.map(lambda new, old: jnp.where(active, new, old), after, now)
            seen = {**seen, **{name: {index: jnp.where(active, rows, 0.0)
                                      for index, rows in seen[name].items()}
                               for name in ("z", "h")}}
        return after, seen

    def _advance(self, now: Tree, given: Tree) -> tuple[Tree, Tree]:
        arriving: dict[int, list[Any]] = {index: list(given["outside"][index])
                                          for index in self.recurrent}
        for index, blocks in self.recurrent.items():
            for number, block in blocks:
                z = now["ring"][block.pre][-block.lag]
                if self.flow.detached:
                    z = jax.lax.stop_gradient(z)
                if block.masked and not self.model.trials_are_alike:
                    z = z * (given["step"] > block.lag).astype(z.dtype)
                port = arriving[index]
                port[block.port] = port[block.port] + block.arriving(
                    z, self.weights[number])
        cells: Tree = {}
        current_based_cells: Tree = {}
        seen: Tree = {"z": {}, "h": {}, "state": {}, "arriving": {}, "gates": {}}
        for index, (first, *others) in arriving.items():
            if index in self.model.analog:
                cells[index], z, seen["gates"][index] = self._advance_analog(
                    index, now["cells"][index], (first, *others), given["extra"].get(index, {}))
                seen["state"][index] = cells[index]["state"]
                seen["z"][index] = z + given["sent"][index] if index in given["sent"] else z
                continue
            (second,) = others
            if index in self.model.current_based:
                current_based_cells[index] = current_based.advance(
                    self.constants["current_based"][index], now["current_based"][index], first,
                    second, given["currents"].get(index, 0.0))
                z, state = current_based_cells[index]["z"], current_based_cells[index]["state"]
            else:
                total = first + second + given["currents"].get(index, 0.0)
                cells[index] = self._advance_cells(index, now["cells"][index], total)
                z, state = cells[index]["z"], cells[index]["state"]
                seen["h"][index] = cells[index]["h"]
                seen["arriving"][index] = total
            if index in given["sent"]:
                z = z + given["sent"][index]
            seen["z"][index], seen["state"][index] = z, state
        ring = {index: jnp.concatenate([old[1:], seen["z"][index][jnp.newaxis]])
                for index, old in now["ring"].items()}
        return {"cells": cells, "current_based": current_based_cells, "ring": ring}, seen

    def _advance_analog(self, index: int, now: Tree, ports: tuple[Any, ...], extra: Tree
                        ) -> tuple[Tree, Any, Tree]:
        """State, value passed on, and gates. extra: further input by receptor."""
        kind = self.model.analog[index]
        before = {**self.constants["cells"][index], **now["state"],
                  "timestep": self.model.network.settings.timestep}
        arriving = {name: total + extra[name] if name in extra else total
                    for name, total in zip(kind.ports(), ports, strict=True)}
        made = {name: _as(value, ports[0])
                for name, value in kind.step(SimpleNamespace(**before), arriving).items()}
        value = kind.output(SimpleNamespace(**{**before, **made},
                                            before=SimpleNamespace(**before)))
        return ({"state": {name: made[name] for name in kind.state_variables()}},
                _as(value, ports[0]), {name: made[name] for name in kind.gates})

    def _advance_cells(self, index: int, now: Tree, arriving: Any) -> Tree:
        kind, numbers = self.model.spiking[index], self.constants["cells"][index]
        z = now["z"]
        before = SimpleNamespace(
            **numbers, **now["state"], timestep=self.model.network.settings.timestep, z=z,
            h=now["h"],
            z_reset=jax.lax.stop_gradient(z) if self.flow.detached or self.flow.detached_reset
            else z)
        state = {name: jnp.broadcast_to(value, z.shape).astype(z.dtype)
                 for name, value in kind.step(before, arriving).items()}
        after = SimpleNamespace(**{**vars(before), **state})
        distance = jnp.broadcast_to(jnp.asarray(kind.distance(after), z.dtype), z.shape)  # eq. 21
        ready = now["silent"] <= 0
        h = jnp.where(ready, self.slopes[index](distance / numbers["width"], numbers["height"]),
                      0.0)
        spikes = jnp.where(ready, spike(distance, h), 0.0)
        silent = jnp.where(jax.lax.stop_gradient(spikes) > 0, numbers["refractory_steps"],
                           jnp.maximum(now["silent"] - 1, 0))
        return {"state": state, "z": spikes, "h": h, "silent": silent}


def _as(values: Any, like: Any) -> Any:
    return jnp.broadcast_to(jnp.asarray(values), like.shape).astype(like.dtype)


def _cut(cut: Any, value: Any) -> Any:
    if not jnp.issubdtype(value.dtype, jnp.floating):
        return value
    return jnp.where(cut, jax.lax.stop_gradient(value), value)


def cuts(steps: int, every: int) -> Any:
    """Whether a truncated gradient ends before a step: every so many steps from the end."""
    return (steps - jnp.arange(steps)) % every == 0


def forward(model: Model, parameters: Tree, constants: Tree, start: Tree, inputs: Tree,
            flow: Flow = ATTACHED, extra: Tree | None = None, sent: Tree | None = None
            ) -> tuple[Tree, Tree]:
    """The state after a stretch, and its activity.

    extra: further currents, as ``inputs["currents"]``, for derivatives by what arrives; of cells
    that pass on values by receptor. sent: numbers added to spikes, or values, on their way to other
    cells and readouts, (steps, size) by population, for derivatives by them but for what a cell's
    own spikes do to itself (eq. 9, 67).

    The activity: spikes: counts, or values, of all populations that pass on either, by population,
    of the steps ``first - depth`` ... ``first + steps - 1``; z, h, state, gates, arriving: of cells
    at each step, (steps, size), state and gates by variable, z the value of cells that do not
    spike; y, error: of readouts, loss: of each step, (steps,); before:
    the cells' state at the start; first; active, if it is in the inputs. Cells that run backwards
    are in their own time (``extra`` and ``sent``, too).
    """
    steps, first = inputs["step"].shape[0], inputs["step"][0]
    count = count_of(inputs, steps)
    currents = {index: own_time(model, index, rows, count)
                for index, rows in inputs.get("currents", {}).items()}
    by_receptor = {index: rows for index, rows in (extra or {}).items() if index in model.analog}
    for index, rows in (extra or {}).items():
        if index in by_receptor:
            continue
        currents[index] = currents[index] + rows if index in currents else rows
    emitting = (*model.learning, *model.current_based)
    after: Tree = {"cells": {}, "current_based": {}}
    seen: Tree = {"z": {}, "h": {}, "state": {}, "arriving": {}, "gates": {}}
    for backwards in (True, False):
        populations = [index for index in emitting
                       if (index in model.network.backwards) == backwards]
        if backwards and not populations:
            continue
        advance = _Steps(model, parameters, constants, flow, populations)
        given: Tree = {"outside": outside_input(model, parameters, inputs, steps, populations),
                       "currents": {index: rows for index, rows in currents.items()
                                    if index in populations}, "step": inputs["step"],
                       "extra": {index: rows for index, rows in by_receptor.items()
                                 if index in populations},
                       "sent": {index: rows for index, rows in (sent or {}).items()
                                if index in populations}}
        if flow.truncation_steps is not None:
            given["cut"] = cuts(steps, flow.truncation_steps)
        if "active" in inputs:
            given["active"] = inputs["active"]
        now = {kind: {index: each for index, each in start[kind].items() if index in populations}
               for kind in ("cells", "current_based")}
        now["ring"] = {index: start["past"][index][-advance.depth(index):] for index in populations}
        end_of_these, seen_of_these = _scan(advance, now, given, steps, flow.rematerialize_steps)
        after = {kind: {**after[kind], **end_of_these[kind]} for kind in after}
        seen = {name: {**seen[name], **seen_of_these[name]} for name in seen}
    spikes = {index: jnp.concatenate([start["past"][index], seen["z"][index]])
              for index in emitting} | dict(inputs["sources"])
    read = read_out(model, parameters, constants, start["y"], spikes, inputs, steps)
    end = {"cells": after["cells"], "current_based": after["current_based"],
           "y": {index: _last(y, start["y"][index], count) for index, y in read["y"].items()},
           "past": {index: jax.lax.dynamic_slice_in_dim(rows, count, model.depth(index))
                    for index, rows in spikes.items()}}
    active = {"active": inputs["active"]} if "active" in inputs else {}
    return end, {"spikes": spikes, **seen, **read, "first": first, **active,
                 "before": {index: {**cells["state"], **{name: cells[name] for name in ("z", "h")
                                                         if name in cells}}
                            for index, cells in start["cells"].items()}}


def _last(rows: Any, start: Any, count: Any) -> Any:
    """The row of the last step of ``count``, or the start."""
    return jax.lax.dynamic_index_in_dim(jnp.concatenate([start[jnp.newaxis], rows]), count, 0,
                                        keepdims=False)


def _scan(advance: _Steps, now: Tree, given: Tree, steps: int, every: int | None
          ) -> tuple[Tree, Tree]:
    """``jax.lax.scan``; with ``every``, in parts that a backward pass computes again."""
    if every is None or every >= steps:
        return jax.lax.scan(advance, now, given)
    odd = steps % every

    def part(state: Tree, rows: Tree) -> tuple[Tree, Tree]:
        return jax.lax.scan(advance, state, rows)

    now, head = part(now, jax.tree.map(lambda rows: rows[:odd], given))
    split = jax.tree.map(lambda rows: rows[odd:].reshape(-1, every, *rows.shape[1:]), given)
    now, tail = jax.lax.scan(jax.checkpoint(part), now, split)
    return now, jax.tree.map(
        lambda one, rest: jnp.concatenate([one, rest.reshape(-1, *rest.shape[2:])]), head, tail)


def read_out(model: Model, parameters: Tree, constants: Tree, start: Tree, spikes: Tree,
             inputs: Tree, steps: int) -> Tree:
    """y, error and loss of readouts (eq. 41, 42, 51), from the spikes of all populations."""
    found: Tree = {"y": {}, "error": {}, "loss": {}}
    count = count_of(inputs, steps)
    for index, readouts in model.readouts.items():
        total = jnp.broadcast_to(parameters["biases"][index], (steps, readouts.size))
        for number, block in model.onto(index):
            rows = rows_of(block, emitted(model, block, spikes[block.pre], steps, count), steps,
                           inputs["step"][0], model.interval_steps)
            total = total + block.arriving(rows, parameters["weights"][number])
        y = leaky(constants["kappas"][index], total, start[index])
        if "active" in inputs:      # what error modules send then, too
            y = jnp.where(inputs["active"][:, jnp.newaxis], y, 0.0)
        found["y"][index] = y
        if readouts.loss is None:
            found["error"][index] = jnp.zeros_like(y)
            found["loss"][index] = jnp.zeros(steps, y.dtype)
            continue
        target = inputs["targets"][index]
        found["error"][index] = losses.error(readouts.loss, y, target)
        found["loss"][index] = losses.value(readouts.loss, y, target)
    return found
