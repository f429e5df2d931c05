"""A task's network on a backend: build, present trials, run, read."""

from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np
from pyNN.parameters import Sequence

from pynn_eprop.errors import TaskError
from pynn_eprop.models.cells import Population as KindOfCell
from pynn_eprop.tasks.network_plan import (
    CellsPlan,
    ConnectorPlan,
    FeedbackPlan,
    InputPlan,
    NetworkPlan,
    SynapsesPlan,
)
from pynn_eprop.tasks.trials import Responses, Trials


class TaskNetwork:
    """A built network, its populations and projections by label.

    ``sim`` is a backend module; building sets it up from scratch, which ends any network built
    there before. ``setup`` holds further keywords of its ``setup()``. Raises :class:`TaskError` if
    the plan names a cell type or connector that the backend does not have.
    """

    def __init__(self, sim: ModuleType, plan: NetworkPlan, seed: int,
                 setup: Mapping[str, Any]) -> None:
        self.sim = sim
        self.plan = plan
        models = {cells.label: self._part(cells.model, "cell type") for cells in plan.cells}
        for synapses in plan.synapses:
            self._part(synapses.connector.name, "connector")
        sim.setup(timestep=plan.timestep, update_interval=plan.interval,
                  trials_per_update=plan.trials_per_update, seed=seed, **setup)
        self.inputs = {
            inputs.label: sim.Population(inputs.size, self._source(inputs), label=inputs.label)
            for inputs in plan.inputs
        }
        self.cells = {
            cells.label: sim.Population(cells.size, self._cell(cells, models[cells.label]),
                                        label=cells.label)
            for cells in plan.cells
        }
        self.readouts = {
            readout.label: sim.Population(
                readout.size,
                sim.EPropReadout(loss=readout.loss, target=readout.target, **readout.parameters),
                label=readout.label)
            for readout in plan.readouts
        }
        self.populations = {**self.inputs, **self.cells, **self.readouts}
        self.projections = {each.label: self._connect(each) for each in plan.synapses}
        for feedback in plan.feedback:
            sim.Projection(self.readouts[feedback.source], self.cells[feedback.post],
                           sim.AllToAllConnector(allow_self_connections=False),
                           self._learning_signal(feedback), label=feedback.label,
                           receptor_type="learning_signal")

    @staticmethod
    def _member(populations: Mapping[str, Any], label: str, what: str) -> Any:
        if label not in populations:
            raise TaskError(f"trials: {what} for {label!r}, which is none of {list(populations)}")
        return populations[label]

    def _part(self, name: str, what: str) -> Any:
        try:
            found = getattr(self.sim, name)
        except AttributeError:
            raise TaskError(f"network: {self.sim.__name__} has no {what} {name!r}") from None
        if isinstance(found, type) and issubclass(found, KindOfCell):
            raise TaskError(f"network: {self.sim.__name__}.{name} is the class of a kind of cell "
                            "and hides the PyNN cell type of that name; call the class otherwise")
        return found

    def _source(self, plan: InputPlan) -> Any:
        if plan.frame is None:
            return self.sim.SpikeSourceArray(spike_times=[])
        return self._part("AnalogSource", "cell type")(frame_duration=plan.frame)

    @staticmethod
    def _cell(plan: CellsPlan, model: Any) -> Any:
        # cell types of users need not know directions
        return model(**plan.parameters, **({"backwards": True} if plan.backwards else {}))

    def _connect(self, plan: SynapsesPlan) -> Any:
        synapse = self.sim.EPropSynapse(weight=plan.weight,
                                        optimizer=self.plan.optimizer_of(plan),
                                        rule=self.plan.rule_of(plan))
        return self.sim.Projection(self.populations[plan.pre], self.populations[plan.post],
                                   self._connector(plan.connector), synapse, label=plan.label,
                                   receptor_type=plan.receptor or None)

    def _connector(self, plan: ConnectorPlan) -> Any:
        return self._part(plan.name, "connector")(**plan.keywords)

    def _learning_signal(self, plan: FeedbackPlan) -> Any:
        if plan.feedback.kind == "symmetric":
            return self.sim.LearningSignal(symmetric=True)
        if plan.feedback.kind == "windowed":
            return self.sim.LearningSignal(window=plan.feedback.window, weight=plan.scale)
        return self.sim.LearningSignal(weight=plan.weight)

    def present(self, trials: Trials) -> None:
        """Set inputs, targets and durations of the coming trials.

        Raises :class:`TaskError` if they are not those of this network.
        """
        for label, spike_times in trials.spike_times.items():
            size = self._member(self.inputs, label, "spike times").size
            if len(spike_times) != size:
                raise TaskError(f"trials: spike times of {len(spike_times)} cells for the {size} "
                                f"inputs {label!r}")
        frames = {each.label: each.frame for each in self.plan.inputs}
        for label, values in trials.values.items():
            size, frame = self._member(self.inputs, label, "values").size, frames[label]
            if frame is None:
                raise TaskError(f"trials: values for the inputs {label!r}, which spike")
            shape = (round(trials.n_trials * self.plan.interval / frame), size)
            if np.shape(values) != shape:
                raise TaskError(f"trials: values of the inputs {label!r} have the shape "
                                f"{np.shape(values)}, not {shape} (frames of all trials, cells)")
        for label in trials.targets:
            self._member(self.readouts, label, "a target")
        if trials.durations is not None and np.shape(trials.durations) != (trials.n_trials,):
            raise TaskError(f"trials: durations of the shape {np.shape(trials.durations)} for "
                            f"{trials.n_trials} trials")
        now = self.sim.get_current_time()
        for label, spike_times in trials.spike_times.items():
            self.inputs[label].set(spike_times=[Sequence(now + times) for times in spike_times])
        for label, values in trials.values.items():
            self.inputs[label].set(values=np.asarray(values).T)
        for label, target in trials.targets.items():
            self.readouts[label].set(target=target)
        if trials.durations is not None:
            self.sim.set_trial_durations(trials.durations)

    def run(self, trials: Trials) -> None:
        """Present the trials and run them."""
        self.present(trials)
        self.sim.run(trials.n_trials * self.plan.interval)

    def record(self, *variables: str) -> None:
        """Record variables of all readouts from now on."""
        for readout in self.readouts.values():
            readout.record(list(variables))

    def take(self) -> Responses:
        """The readouts' "loss" and "y" since the last call, which are forgotten here.

        y is without the sample that precedes the first step.
        """
        losses, outputs = [], {}
        for label, readout in self.readouts.items():
            segment = readout.get_data(clear=True).segments[-1]
            for signal in segment.analogsignals:
                values = np.asarray(signal.magnitude)
                if signal.name == "loss":
                    losses.append(values[:, 0])
                elif signal.name == "y":
                    steps = len(values) // self.plan.interval_steps * self.plan.interval_steps
                    outputs[label] = values[len(values) - steps:]
        return Responses(np.sum(losses, axis=0), outputs)
