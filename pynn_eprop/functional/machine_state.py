"""The state of a machine: position, cells, what was learned, and of the update in progress."""

import copy
from typing import Any

import numpy as np

from pynn_eprop.functional.continuing import carry_start
from pynn_eprop.functional.learned import Learned
from pynn_eprop.functional.model import Model, Tree
from pynn_eprop.functional.sums import UpdateSums
from pynn_eprop.functional.tape import InputTape, Tape
from pynn_eprop.models.inactivity import FirstInactive


class MachineState:
    """All that a machine needs to continue identically, and what it has seen.

    step: global steps done. lengths: steps of the trials of an update, those done and the one in
    progress. learning: whether the interval in progress counts. now: as of
    :meth:`Model.start`. recent: counts of the last steps of sources, by population. loss: of the
    interval so far, by population of readouts. learned, sums: see there. carry: eligibility traces
    that cross the ends of intervals, or nothing (``carries``). tape: of the interval in progress,
    None between intervals and if nothing learns from it; tapes: of the trials of an update of BPTT
    so far. inactive: updates that could not learn.
    """

    def __init__(self, model: Model, carries: bool) -> None:
        self.step = 0
        settings = model.network.settings
        self.lengths = np.full(settings.trials_per_update, settings.interval_steps or 0)
        self.learning = True
        self.now: Tree = model.start()
        self.recent = {index: np.zeros((model.depth(index), each.size), model.dtype)
                       for index, each in model.sources.items()}
        self.loss = dict.fromkeys(model.readouts, 0.0)
        self.learned = Learned(model)
        self.sums = UpdateSums(model)
        self.carry: Tree = carry_start(model, self.learned.parameters) if carries else {}
        self.tape: Tape | None = None
        self.tapes: list[InputTape] = []
        self.inactive = FirstInactive()

    def note_length(self, steps: int) -> None:
        """Note the steps of an interval that begins."""
        self.lengths = self.lengths.copy()
        self.lengths[self.sums.trials] = steps

    def copy(self) -> "MachineState":
        """A state that goes on for itself, but for the states of optimisers of one's own."""
        other = copy.copy(self)
        other.learned, other.sums = copy.copy(self.learned), copy.copy(self.sums)
        other.tape = None if self.tape is None else self.tape.copy()
        other.tapes, other.inactive = list(self.tapes), self.inactive.copy()
        return other

    def tree(self, model: Model) -> Tree:
        """The state but for tapes, as nested dicts of arrays; populations and such by index."""
        now, learned, sums = self.now, self.learned, self.sums
        tree: dict[str, Any] = {"machine": {
            "step": self.step, "updates": learned.updates, "trials": sums.trials,
            "learning": self.learning, "lengths": self.lengths}}
        for index, _ in enumerate(model.network.populations):
            own: dict[str, Any] = {}
            for kind in ("cells", "current_based"):
                own |= now[kind].get(index, {})
            for name, values in (("y", now["y"]), ("recent", self.recent), ("loss", self.loss),
                                 ("spikes", sums.spikes), ("sloped", sums.sloped),
                                 ("bias_gradient", learned.bias_gradients),
                                 ("bias", learned.parameters["biases"]),
                                 ("bias_optimizer", learned.states["biases"])):
                if index in values:
                    own[name] = values[index]
            if index in now["past"] and index not in model.sources:
                own["past"] = now["past"][index]
            if index in model.readouts:
                own["bias_sum"] = sums.biases.get(index, np.zeros(model.readouts[index].size))
                if self.carry:
                    own["bias_trace"] = self.carry["bias"][index]
            tree[f"population{index}"] = own
        for number, block in enumerate(model.blocks):
            weight = learned.parameters["weights"][number]
            own = {"weight": weight, "gradient": learned.gradients[number],
                   "optimizer": learned.states["weights"][number]}
            for name, total in (("sum", sums.weights[number]), ("e_sum", sums.e[number])):
                own[name] = np.zeros(weight.shape, weight.dtype) if total is None else total
            if self.carry and number in self.carry["traces"]:
                own |= self.carry["traces"][number]
            place = tree.setdefault(f"projection{block.projection}", {})
            place[f"delay{block.lag}"] = own
        for owner, state in learned.own.state().items():
            tree.setdefault(owner, {})["own"] = state
        return tree

    def taken(self, model: Model, tree: Tree) -> "MachineState":
        """The state with the arrays of a tree as of :meth:`tree`."""
        found, machine = self.copy(), tree["machine"]
        learned, sums = found.learned, UpdateSums(model)
        found.step, learned.updates = int(machine["step"]), int(machine["updates"])
        found.lengths = np.asarray(machine["lengths"])
        sums.trials, found.learning = int(machine["trials"]), bool(machine["learning"])
        own = {index: tree[f"population{index}"]
               for index, _ in enumerate(model.network.populations)}

        def of(name: str, indices: Any) -> dict[int, Any]:
            return {index: own[index][name] for index in indices}

        found.now = {
            "cells": {index: {name: own[index][name] for name in self.now["cells"][index]}
                      for index in model.learning},
            "current_based": {index: {name: own[index][name] for name in ("state", "z", "silent")}
                              for index in model.current_based},
            "y": of("y", model.readouts),
            "past": {**self.now["past"], **of("past", (*model.learning, *model.current_based))}}
        found.recent = {index: np.asarray(rows)
                        for index, rows in of("recent", model.sources).items()}
        found.loss = {index: float(loss) for index, loss in of("loss", model.readouts).items()}
        sums.spikes, sums.sloped = ({index: np.asarray(each) for index, each in of(
            name, model.spiking).items()} for name in ("spikes", "sloped"))
        learned.bias_gradients = {index: np.asarray(each, dtype=float) for index, each in of(
            "bias_gradient", model.readouts).items()}
        blocks = [tree[f"projection{block.projection}"][f"delay{block.lag}"]
                  for block in model.blocks]
        learned.parameters = {"weights": [each["weight"] for each in blocks],
                              "biases": of("bias", model.readouts)}
        learned.states = {"weights": [each["optimizer"] for each in blocks],
                          "biases": of("bias_optimizer", model.readouts)}
        learned.gradients = [each["gradient"] for each in blocks]
        sums.weights = [each["sum"] for each in blocks]
        sums.biases = of("bias_sum", model.readouts)
        sums.e = [each["e_sum"] if block.post in model.spiking else None
                  for each, block in zip(blocks, model.blocks, strict=True)]
        if self.carry:
            found.carry = {"bias": of("bias_trace", model.readouts), "traces": {
                number: {name: each[name] for name in ("eps", "e_bar", "z_bar",
                                                                "memory") if name in each}
                for number, each in enumerate(blocks) if number in self.carry["traces"]}}
        learned.own.restore({owner: tree[owner]["own"] for owner in learned.own.state()})
        found.sums = sums
        return found
