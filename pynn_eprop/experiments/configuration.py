"""The configuration of a run: task, variant, backend, seed and size."""

import dataclasses
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pynn_eprop.backends import BACKENDS, BPTT, EPROP, GRADIENTS, Backend, find_backend
from pynn_eprop.errors import TaskError
from pynn_eprop.experiments.command_line import DATA, command_line
from pynn_eprop.experiments.measures import measures_of_task
from pynn_eprop.experiments.rule_names import rule_named
from pynn_eprop.experiments.systems import check_setup, choose_system, other_machine
from pynn_eprop.models.rules import EProp
from pynn_eprop.tasks import find_feedback, find_task
from pynn_eprop.tasks.feedback import Feedback
from pynn_eprop.tasks.network_plan import READOUT_ONLY, NetworkPlan
from pynn_eprop.tasks.quantities import require_whole, same_kind
from pynn_eprop.tasks.task import Task

_FEEDBACK = "random"


@dataclass(frozen=True)
class Configuration:
    """All that decides a run's result, and the number of threads, which does not.

    machine: of a backend that has several, None stands for its first. precision: None stands for
    the backend's, or the machine's, first. updates, neurons: None stands for the paper's. gradient:
    with "bptt", backpropagation through time, feedback and rule have no use and stay as they are.
    rule: as :func:`rule_named` takes it, or "readout-only", with which feedback stays likewise.
    parameters: changes to the task's parameters, as (name, value). setup: further keywords of the
    backend's ``setup()``, likewise. conditions: those of a board in software, likewise
    (``pynn_eprop.emulator.conditions``). plugins: modules or files that were loaded for it
    (``plugins.load_plugins()``). Raises :class:`TaskError` for parts that are unknown or do not go
    together, and the errors of ``Backend.context_under`` for conditions.
    """

    task: str
    backend: str = "host"
    machine: str | None = None
    precision: str | None = None
    seed: int = 1
    updates: int | None = None
    neurons: int | None = None
    threads: int = 1
    feedback: str = _FEEDBACK
    rule: str = EProp.name
    gradient: str = EPROP
    recurrent: bool = True
    keep_training: bool = False
    parameters: tuple[tuple[str, Any], ...] = ()
    setup: tuple[tuple[str, Any], ...] = ()
    conditions: tuple[tuple[str, Any], ...] = ()
    plugins: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        backend = self.build_backend()
        machine, precision = choose_system(backend, self.machine, self.precision)
        object.__setattr__(self, "machine", machine)
        object.__setattr__(self, "precision", precision)
        require_whole(self.seed, "seed", 0, "run")
        require_whole(self.n_updates, "updates", 1, "run")
        require_whole(self.threads, "threads", 1, "run")
        self.build_feedback()
        self.build_task()
        if self.rule != READOUT_ONLY:
            rule_named(self.rule)
        elif self.feedback != _FEEDBACK:
            raise TaskError(f"feedback {self.feedback!r} has no use with rule {READOUT_ONLY!r}, "
                            "with which cells get no learning signals; leave it out, or choose "
                            "another rule")
        self._check_gradient(backend)
        check_setup(self.setup)
        backend.context_under(dict(self.conditions))

    def _check_gradient(self, backend: Backend) -> None:
        if self.gradient not in GRADIENTS:
            raise TaskError(f"gradient {self.gradient!r} is unknown; choose one of "
                            f"{list(GRADIENTS)}")
        if self.gradient not in backend.gradients:
            others = [each.name for each in BACKENDS.values() if self.gradient in each.gradients]
            raise TaskError(f"backend {self.backend!r} has no gradient {self.gradient!r}; backends "
                            f"that have it are {others}")
        if self.gradient != BPTT:
            return
        for name, value, default in (("feedback", self.feedback, _FEEDBACK),
                                     ("rule", self.rule, EProp.name)):
            if value != default:
                raise TaskError(f"{name} {value!r} has no use with gradient {BPTT!r}, which is "
                                f"that of the loss itself; leave it out, or choose gradient "
                                f"{EPROP!r}")

    @property
    def n_updates(self) -> int:
        """Weight updates of the whole run, at most."""
        return find_task(self.task).paper_updates if self.updates is None else self.updates

    @property
    def chosen_machine(self) -> str | None:
        """The machine, or None if it is the backend's first or there is no choice."""
        return other_machine(self.build_backend(), self.machine)

    def build_backend(self) -> Backend:
        """The row of the backend."""
        return find_backend(self.backend)

    def context(self) -> AbstractContextManager[object]:
        """What is entered as long as the backend is in use."""
        return self.build_backend().context_under(dict(self.conditions))(
            self.build_task().n_neurons)

    def setup_keywords(self, out: Path, gradient: str | None = None) -> dict[str, Any]:
        """All keywords of the backend's ``setup()`` beside the task's times and the seed.

        out: of the results. gradient: another than that of the run.
        """
        keywords = self.build_backend().setup_keywords(
            self.machine, str(self.precision), self.threads, out, gradient or self.gradient)
        return {**keywords, **dict(self.setup)}

    def build_feedback(self) -> Feedback:
        """The kind of feedback weights."""
        return find_feedback(self.feedback)

    def build_task(self) -> Task:
        """The task with its parameters."""
        task_class = find_task(self.task)
        task = task_class()
        known = {entry.name for entry in dataclasses.fields(task_class)}
        for name, value in self.parameters:
            if name not in known:
                raise TaskError(f"task {self.task!r} has no parameter {name!r}; "
                                f"choose one of {sorted(known)}")
            if not same_kind(value, getattr(task, name)):
                raise TaskError(f"task {self.task!r}: {name}={value!r} is not a value like "
                                f"{getattr(task, name)!r}")
        changes = dict(self.parameters)
        if self.neurons is not None and "n_neurons" in changes:
            raise TaskError(f"task {self.task!r}: give the number of cells once, as --neurons or "
                            "as --set n_neurons=")
        task = dataclasses.replace(task, **changes) if self.neurons is None \
            else task_class.with_neurons(self.neurons, **changes)
        free_steps = self.build_backend().free_steps
        if free_steps:      # what the user has set stays as set
            free = task.with_free_steps(free_steps)
            task = dataclasses.replace(free, **changes)
        return task

    @property
    def measures(self) -> tuple[str, ...] | None:
        """Names of numbers in results.json; None if the task does not say what it adds."""
        return measures_of_task(self.build_task())

    def build_plan(self) -> NetworkPlan:
        """The task's network, with the rule of this run."""
        plan = self.build_task().network(self.seed, self.build_feedback(), self.recurrent)
        if self.rule == READOUT_ONLY:
            return plan.readouts_alone()
        return dataclasses.replace(plan, rule=rule_named(self.rule))

    def as_dict(self) -> dict[str, Any]:
        """The configuration in types that JSON knows."""
        fields = dataclasses.asdict(self)
        fields["updates"] = self.n_updates
        fields["neurons"] = self.build_task().n_neurons
        fields["parameters"] = {name: value for name, value in self.parameters}
        fields["setup"] = {name: value for name, value in self.setup}
        fields["conditions"] = {name: value for name, value in self.conditions}
        return fields

    def identity(self) -> dict[str, Any]:
        """The fields that must agree for a run to continue from another's state."""
        fields = self.as_dict()
        for name in ("updates", "threads", "keep_training", "plugins"):
            del fields[name]
        # as in older folders, from when there was no choice
        for name in ("setup", "conditions"):
            if not fields[name]:
                del fields[name]
        del fields["machine"]
        if self.chosen_machine == "reference":
            fields["precision"] = "reference"
        elif self.chosen_machine is not None:
            fields["machine"] = self.chosen_machine
        return fields

    def options(self) -> dict[str, Any]:
        """The options of the command line, but for plugins, parameters and folder."""
        return {
            "backend": self.backend, "machine": self.chosen_machine, "precision": self.precision,
            "seed": self.seed, "updates": self.n_updates, "neurons": self.neurons,
            "gradient": None if self.gradient == EPROP else self.gradient,
            "feedback": None if self.feedback == _FEEDBACK else self.feedback,
            "rule": None if self.rule == EProp.name else self.rule,
            "no-recurrent": not self.recurrent, "keep-training": self.keep_training,
        }

    def command(self, out: str = "DIR") -> str:
        """The command line that makes this run again."""
        data = dict(self.parameters).get(DATA)
        others = [(name, value) for name, value in self.parameters if name != DATA]
        return command_line(["run", self.task], {**self.options(), DATA: data}, others,
                            self.plugins, out, self.setup, self.conditions)
