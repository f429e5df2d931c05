"""The inner loop as a PyNN script: a training trial, one weight update, a test trial.

The same on any backend. The error module is a network like any other: its readouts send the learner
what they have, as a LearningSignal, and the goal is an AnalogSource.
"""

from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np
from pyNN.parameters import Sequence

from pynn_eprop.experiments.rule_names import rule_named
from pynn_eprop.families import OneShotTrial
from pynn_eprop.families.trial import GOAL, INPUT, LEARNER, OUTPUT
from pynn_eprop.learning_to_learn.error_modules import require_network
from pynn_eprop.learning_to_learn.learned import Learned
from pynn_eprop.learning_to_learn.learner import learner_wiring
from pynn_eprop.learning_to_learn.wiring import CellsPart, ReadoutsPart, Synapses, bias_of
from pynn_eprop.models.optimizers import SGD


class OneShotNetwork:
    """Learner and error module on a backend.

    sim: its module; building sets it up from scratch. goals: of all tasks in their order, (tasks,
    steps, n_goals). setup: further keywords of its ``setup()``. watch: record all readouts and
    spikes, not only the learner's readouts. Raises :class:`UnsupportedError` for an error module
    that is no network, and what the backend raises if it lacks a part.
    """

    def __init__(self, sim: ModuleType, learned: Learned, goals: np.ndarray, seed: int,
                 setup: Mapping[str, Any], watch: bool = False) -> None:
        self.sim, self.family = sim, learned.family
        self._rule = rule_named(learned.rule)
        family, module = learned.family, require_network(learned.module)
        learner, teacher = learner_wiring(family), module.wiring(family)
        self._weights = {**learned.learner_weights, **learned.module_weights}
        sim.setup(timestep=family.timestep, update_interval=family.interval, seed=seed, **setup)
        self.populations = {
            INPUT: sim.Population(family.n_inputs, sim.SpikeSourceArray(spike_times=[]),
                                  label=INPUT),
            # fixed point chooses its formats for all of these values
            GOAL: sim.Population(family.n_goals, sim.AnalogSource(
                values=np.repeat(goals, 2, axis=0).reshape(-1, family.n_goals).T.astype(float),
                repeats=False, frame_duration=family.timestep), label=GOAL)}
        self._sending = [part.label for part in teacher.readouts]
        self._spiking = [INPUT, *(part.label for part in (*learner.cells, *teacher.cells))]
        for cells in (*learner.cells, *teacher.cells):
            self.populations[cells.label] = sim.Population(cells.size, self._cell(cells),
                                                           label=cells.label)
        for readouts in (*learner.readouts, *teacher.readouts):
            self.populations[readouts.label] = sim.Population(
                readouts.size, self._readout(readouts), label=readouts.label)
        self.projections = {each.name: self._connect(each)
                            for each in (*learner.synapses, *teacher.synapses)}
        self._plastic = [each.name for each in learner.synapses if each.plastic]
        for label in self._sending:
            sim.Projection(self.populations[label], self.populations[LEARNER],
                           sim.OneToOneConnector(),
                           sim.LearningSignal(weight=module.gain_in(family)),
                           label=f"{label}_to_{LEARNER}", receptor_type="learning_signal")
        self._read = [OUTPUT, *self._sending] if watch else [OUTPUT]
        self._watched = self._spiking if watch else []
        for label in self._read:
            self.populations[label].record("y")
        for label in self._watched:
            self.populations[label].record("spikes")

    def _cell(self, part: CellsPart) -> Any:
        return self.sim.EPropLIF(tau_m=part.tau_m, tau_refrac=part.tau_refrac,
                                 v_thresh=part.v_thresh)

    def _readout(self, part: ReadoutsPart) -> Any:
        bias = {"bias": self._weights[bias_of(part.label)]} if part.bias else {}
        return self.sim.EPropReadout(loss=None, tau_m=part.tau_m, **bias)

    def _connect(self, synapses: Synapses) -> Any:
        optimizer = SGD(lr=self.family.update_rate) if synapses.plastic else None
        return self.sim.Projection(
            self.populations[synapses.pre], self.populations[synapses.post],
            self.sim.AllToAllConnector(allow_self_connections=False),
            self.sim.EPropSynapse(weight=self._weights[synapses.name], optimizer=optimizer,
                                  delay=synapses.delay * self.family.timestep, rule=self._rule),
            label=synapses.name)

    def learn_next(self) -> tuple[OneShotTrial, OneShotTrial]:
        """The next task: its training trial from the first weights, and its test trial.

        In between is one weight update. The module runs in the test trial, too, but nothing learns
        there.
        """
        for name in self._plastic:
            self.projections[name].set(weight=self._weights[name])
        trials = []
        for learning in (True, False):
            self.sim.set_learning(learning)
            now = self.sim.get_current_time()
            self.populations[INPUT].set(spike_times=[Sequence(now + times)
                                                     for times in self.family.clock()])
            self.sim.run(self.family.interval)
            trials.append(self._take(now))
        return trials[0], trials[1]

    def changed_weights(self) -> dict[str, np.ndarray]:
        """The weights that the last update changed, (pre, post), by name; NaN without a synapse."""
        return {name: np.asarray(self.projections[name].get("weight", format="array"))
                for name in self._plastic}

    def _take(self, start: float) -> OneShotTrial:
        steps, y, spikes = self.family.steps, {}, {}
        for label in dict.fromkeys([*self._read, *self._watched]):
            segment = self.populations[label].get_data(clear=True).segments[-1]
            for signal in segment.analogsignals:
                y[label] = np.asarray(signal.magnitude)[-steps:]
            if label in self._watched:
                trains = [np.asarray(train.rescale("ms").magnitude) - start
                          for train in segment.spiketrains]
                times = np.concatenate([np.zeros(0), *trains])
                cells = np.repeat(np.arange(len(trains)), [len(train) for train in trains])
                kept = times >= 0.0         # the train of a source begins a step earlier
                spikes[label] = times[kept], cells[kept]
        return OneShotTrial(y, spikes)

    def end(self) -> None:
        """End the simulation."""
        self.sim.end()
