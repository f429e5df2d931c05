"""A task's network on a backend: build, present trials, run, read."""

from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np
from pyNN.parameters import Sequence

from pynn_eprop.tasks.network_plan import FeedbackPlan, NetworkPlan
from pynn_eprop.tasks.trials import Trials


class TaskNetwork:
    """A built network.

    ``sim`` is a backend module; building sets it up anew, which ends any network built there
    before. ``setup`` holds further keywords of its ``setup()``.
    """

    def __init__(self, sim: ModuleType, plan: NetworkPlan, seed: int,
                 setup: Mapping[str, Any]) -> None:
        self.sim = sim
        self.plan = plan
        sim.setup(timestep=plan.timestep, update_interval=plan.interval,
                  trials_per_update=plan.trials_per_update, seed=seed, **setup)
        self.inputs = sim.Population(plan.n_inputs, sim.SpikeSourceArray(spike_times=[]),
                                     label=plan.inputs_label)
        self.cells = {
            cells.label: sim.Population(cells.size, getattr(sim, cells.model)(**cells.parameters),
                                        label=cells.label)
            for cells in plan.cells
        }
        readout = plan.readout
        self.readout = sim.Population(
            readout.size,
            sim.EPropReadout(loss=readout.loss, target=readout.target, **readout.parameters),
            label=readout.label)
        self._connect()

    def _connect(self) -> None:
        sim, plan = self.sim, self.plan
        populations = {plan.inputs_label: self.inputs, plan.readout.label: self.readout,
                       **self.cells}
        all_to_all = sim.AllToAllConnector(allow_self_connections=False)
        self.projections = {
            synapses.label: sim.Projection(
                populations[synapses.pre], populations[synapses.post], all_to_all,
                sim.EPropSynapse(weight=synapses.weight, optimizer=plan.optimizer,
                                 rule=plan.rule),
                label=synapses.label)
            for synapses in plan.synapses
        }
        for feedback in plan.feedback:
            sim.Projection(self.readout, populations[feedback.post], all_to_all,
                           self._learning_signal(feedback), label=feedback.label,
                           receptor_type="learning_signal")

    def _learning_signal(self, plan: FeedbackPlan) -> Any:
        if plan.feedback.kind == "symmetric":
            return self.sim.LearningSignal(symmetric=True)
        if plan.feedback.kind == "windowed":
            return self.sim.LearningSignal(window=plan.feedback.window, weight=plan.scale)
        return self.sim.LearningSignal(weight=plan.weight)

    def present(self, trials: Trials) -> None:
        """Set the input spikes and targets of the coming trials."""
        now = self.sim.get_current_time()
        self.inputs.set(spike_times=[Sequence(now + times) for times in trials.spike_times])
        if trials.target is not None:
            self.readout.set(target=trials.target)

    def run(self, trials: Trials) -> None:
        """Present the trials and run them."""
        self.present(trials)
        self.sim.run(trials.n_trials * self.plan.interval)

    def take(self, *variables: str) -> list[np.ndarray]:
        """What the readouts recorded since the last call, and forget it.

        "loss": one value per trial. Others: shape (steps of whole trials, readouts), without the
        sample that precedes the first step.
        """
        segment = self.readout.get_data(list(variables), clear=True).segments[-1]
        taken = []
        for variable in variables:
            values = np.asarray(segment.filter(name=variable)[0].magnitude)
            if variable == "loss":
                taken.append(values[:, 0])
            else:
                steps = len(values) // self.plan.interval_steps * self.plan.interval_steps
                taken.append(values[len(values) - steps:])
        return taken
