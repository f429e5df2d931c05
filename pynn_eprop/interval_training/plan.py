"""All that decides the training of a sequence task."""

import math
from dataclasses import dataclass, field
from typing import Any

from pynn_eprop.errors import TaskError
from pynn_eprop.experiments.command_line import command_line
from pynn_eprop.intervals import IntervalMachine, build_machine
from pynn_eprop.intervals.machine import COMPILED, MACHINES, PRECISIONS, check_memory
from pynn_eprop.intervals.rules import IntervalRule, find_interval_rule
from pynn_eprop.sequence_tasks import SequenceTask, find_sequence_task
from pynn_eprop.sequence_tasks.task import ENDS, EPOCHS, MINUTES, UPDATES
from pynn_eprop.tasks.measures import said_measures
from pynn_eprop.tasks.quantities import require_whole

EPROP_3 = "eprop3"
_MEASURES = ("seconds", "updates_per_second")
"""Numbers in the results of every sequence task."""


@dataclass(frozen=True)
class IntervalPlan:
    """All that decides a training's result, and the number of threads, which does not.

    size: None for the task's first. updates: of the weights, at most; minutes: of work; epochs:
    None for those of the task. With minutes the result depends on the speed of the computer.
    parameters: changes to the task's, as (name, value). Raises :class:`TaskError`,
    :class:`ParameterError` or :class:`NetworkError` for what is unknown or does not fit.
    """

    task_name: str
    rule_name: str = EPROP_3
    size: str | None = None
    machine: str = COMPILED
    precision: str = "float32"
    seed: int = 1
    threads: int = 1
    updates: int | None = None
    minutes: float | None = None
    epochs: int | None = None
    parameters: tuple[tuple[str, Any], ...] = ()
    plugins: tuple[str, ...] = ()
    task: SequenceTask = field(init=False)

    def __post_init__(self) -> None:
        kind = find_sequence_task(self.task_name)
        for name, value, known in (("machine", self.machine, MACHINES),
                                   ("precision", self.precision, PRECISIONS)):
            if value not in known:
                raise TaskError(f"run {kind.name}: {name}={value!r} is unknown; choose one of "
                                f"{list(known)}")
        require_whole(self.seed, "seed", 0, "run")
        require_whole(self.threads, "threads", 1, "run")
        self._check_ends(kind)
        object.__setattr__(self, "size", kind.size_named(self.size))
        changes = dict(self.parameters)
        for name in ENDS:
            if name in changes and (given := self._other_end(name)):
                raise TaskError(f"run {kind.name}: {name}={changes[name]!r} has no use with "
                                f"--{given}, which ends the training; give one of the two")
        if self.epochs is not None:
            changes[EPOCHS] = self.epochs
        object.__setattr__(self, "task", kind.of(self.size, self.rule, changes))
        self.task.network()
        self.task.learning(self.rule)

    def _check_ends(self, kind: type[SequenceTask]) -> None:
        for name in ENDS:
            value = getattr(self, name)
            if value is not None and name not in kind.ends:
                options = " or ".join(f"--{each}" for each in kind.ends)
                raise TaskError(f"run {kind.name}: --{name} is not for this task, whose training "
                                f"ends with {options}")
        if self.updates is not None:
            require_whole(self.updates, UPDATES, 1, "run")
        if self.minutes is not None and (
                isinstance(self.minutes, bool) or not isinstance(self.minutes, (int, float))
                or not 0.0 < self.minutes < math.inf):
            raise TaskError(f"run: minutes={self.minutes!r} must be a finite number > 0")

    def _other_end(self, name: str) -> str | None:
        """The option that takes the place of a parameter."""
        instead = {UPDATES: (UPDATES, MINUTES), EPOCHS: (EPOCHS,)}
        return next((each for each in instead.get(name, ()) if getattr(self, each) is not None),
                    None)

    @property
    def rule(self) -> IntervalRule:
        """The rule of learning."""
        return find_interval_rule(self.rule_name)

    @property
    def most_updates(self) -> int | None:
        """Updates at most; those of the task if no other end is given; None for no such end."""
        if self.updates is not None or self.minutes is not None or UPDATES not in self.task.ends:
            return self.updates
        return int(self.task.parameters[UPDATES])

    @property
    def measures(self) -> tuple[str, ...] | None:
        """Names of numbers in results.json; None if the task does not say what it adds."""
        said = said_measures(self.task, "course", "further_results")
        return None if said is None else (*said, *_MEASURES)

    def check_memory(self) -> None:
        """Raise :class:`SetupError` if the machine does not fit into memory."""
        check_memory(self.task.network(), self.task.learning(self.rule), self.machine,
                     self.precision, self.threads, self.task.longest_stretch(self.rule))

    def build_machine(self) -> IntervalMachine:
        """The machine with the first weights. Raises what :func:`~intervals.build_machine` does."""
        return build_machine(
            self.task.network(), self.task.learning(self.rule),
            self.task.first_parameters(self.seed), self.seed, self.machine, self.precision,
            self.threads)

    def identity(self, data_checksum: str | None = None) -> dict[str, Any]:
        """All that the result depends on."""
        data = {} if data_checksum is None else {"data_checksum": data_checksum}
        return {"sequence_task": self.task_name, "parameters": self.task.parameters,
                "rule": self.rule_name, "machine": self.machine, "precision": self.precision,
                "seed": self.seed, "updates": self.most_updates, "minutes": self.minutes, **data}

    def command(self, out: str = "DIR") -> str:
        """The command line that makes this result again."""
        options = {
            "rule": self.rule_name, "size": self.size,
            "machine": None if self.machine == COMPILED else self.machine,
            "precision": self.precision, "seed": self.seed, "updates": self.updates,
            "minutes": self.minutes, "epochs": self.epochs}
        return command_line(["run", self.task_name], options, self.parameters, self.plugins, out)
