"""The command ``pynn-eprop``: tasks run, traces decoded, backends compared, data made, boards."""

import argparse
import math
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

import pynn_eprop
from pynn_eprop.backends import BACKENDS, BPTT, EPROP, GRADIENTS, PRECISIONS
from pynn_eprop.board_check import command as check_command
from pynn_eprop.common.processes.started import check_alone, processes
from pynn_eprop.data import DATA_SETS
from pynn_eprop.emulator import command as board_command
from pynn_eprop.errors import EPropError, MachineError, TaskError
from pynn_eprop.experiments import compare_command
from pynn_eprop.experiments.configuration import Configuration
from pynn_eprop.experiments.data_option import add_data_option, data_parameter
from pynn_eprop.experiments.decoding import command as decode_command
from pynn_eprop.experiments.experiment import Experiment, ignore_progress
from pynn_eprop.experiments.folder import CHECKPOINT_SECONDS
from pynn_eprop.experiments.history import History
from pynn_eprop.experiments.interrupts import ExperimentInterrupted
from pynn_eprop.experiments.literals import parse_value
from pynn_eprop.experiments.plugins import load_plugins
from pynn_eprop.experiments.results import result_line
from pynn_eprop.families import FAMILIES
from pynn_eprop.interval_training import command as interval_command
from pynn_eprop.interval_training.plan import EPROP_3
from pynn_eprop.intervals import INTERVAL_RULES
from pynn_eprop.intervals.machine import COMPILED, MACHINES
from pynn_eprop.learning_to_learn import command as learn_command
from pynn_eprop.learning_to_learn.error_modules import ERROR_MODULES
from pynn_eprop.models.activations import ACTIVATIONS
from pynn_eprop.models.cells import CELLS
from pynn_eprop.models.losses import LOSSES
from pynn_eprop.models.optimizers import OPTIMIZERS
from pynn_eprop.models.pseudo_derivatives import PSEUDO_DERIVATIVES
from pynn_eprop.models.rules import RULES, EProp
from pynn_eprop.sequence_tasks import SEQUENCE_TASKS
from pynn_eprop.sweeps import command as sweep_command
from pynn_eprop.sweeps.command import Plan
from pynn_eprop.tasks import FEEDBACKS, TASKS, Task
from pynn_eprop.tasks.network_plan import READOUT_ONLY

SYSTEM_FAILURE, BAD_INPUT = 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status.

    0: done. 1: the system failed (no space on the disk, a core of a machine, ...). 2: bad input,
    with a line about it. 130, 143: ended by SIGINT, SIGTERM, with all work saved. Of several
    processes one prints what is the same in all.
    """
    options = _parser().parse_args(arguments)
    try:
        with _termination_raised():
            if options.command not in (_run, _list):
                check_alone(f"pynn-eprop {options.name}")
            return int(options.command(options))
    except ExperimentInterrupted as interrupt:
        return _ended(str(interrupt), 128 + interrupt.signal_number)
    except MachineError as error:
        return _ended(f"error: {error}", SYSTEM_FAILURE)
    except EPropError as error:
        return _ended(f"error: {error}", BAD_INPUT)
    except BrokenPipeError:
        return SYSTEM_FAILURE
    except (OSError, MemoryError) as error:
        return _ended(f"error: {error or 'out of memory'}", SYSTEM_FAILURE)
    except (KeyboardInterrupt, _Terminated) as end:
        return _ended("interrupted; what was saved before is still there",
                      128 + (signal.SIGTERM if isinstance(end, _Terminated) else signal.SIGINT))


def _ended(text: str, status: int) -> int:
    """Print why the command ends, unless another process does; returns the status."""
    with suppress(EPropError):      # there may be no MPI, which is what the text is about
        if not processes().leave(text):
            return status
    print(f"pynn-eprop: {text}", file=sys.stderr)
    return status


class _Terminated(BaseException):
    """SIGTERM, as KeyboardInterrupt is SIGINT."""


@contextmanager
def _termination_raised() -> Iterator[None]:
    """Let SIGTERM raise, so that temporary files and processes of a command go away with it."""
    def end(number: int, frame: object) -> None:
        raise _Terminated

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _list(options: argparse.Namespace) -> int:
    load_plugins(options.plugin)
    print("tasks:")
    for task in TASKS.values():
        paper = f"; the paper: {task.paper_result}" if task.paper_result else ""
        print(f"  {task.name:20} {task.title}{paper}")
    print("tasks learned in intervals:")
    for sequence_task in SEQUENCE_TASKS.values():
        paper = f"; the paper: {sequence_task.paper_result}" if sequence_task.paper_result else ""
        print(f"  {sequence_task.name:20} {sequence_task.title}{paper}")
    print("families of tasks:")
    for family in FAMILIES.values():
        paper = f"; the paper: {family.paper_result}" if family.paper_result else ""
        print(f"  {family.name:20} {family.title}{paper}")
    print("error modules:")
    for module in ERROR_MODULES.values():
        print(f"  {module.name:20} {module.meaning}")
    print("data:")
    for data_set in DATA_SETS.values():
        print(f"  {data_set.name:20} {data_set.meaning}")
    print("feedback:")
    for feedback in FEEDBACKS.values():
        print(f"  {feedback.name:20} {feedback.meaning}")
    print("rules:")
    for rule in RULES.values():
        print(f"  {rule.name:20} {rule.meaning}")
    print(f"  {READOUT_ONLY:20} none: the readouts alone learn")
    print("rules of tasks learned in intervals:")
    for interval_rule in INTERVAL_RULES.values():
        print(f"  {interval_rule.name:20} {interval_rule.meaning}")
    for what, names in (("cells", CELLS), ("pseudo-derivatives", PSEUDO_DERIVATIVES),
                        ("activation functions", ACTIVATIONS),
                        ("optimizers", OPTIMIZERS), ("losses", LOSSES), ("backends", BACKENDS)):
        print(f"{what}: {', '.join(names)}")
    return 0


def _run(options: argparse.Namespace) -> int:
    load_plugins(options.plugin)
    run, _ = _kind(options)
    if run is not _train:
        check_alone(f"task {options.task!r}")
    return run(options, options.default_of)


def _build_plan(options: argparse.Namespace) -> Plan:
    """The plan of a run with these options. Raises the errors of its kind."""
    _, build_plan = _kind(options)
    return build_plan(options, options.default_of)


def _kind(options: argparse.Namespace) -> tuple[Callable[..., int], Callable[..., Plan]]:
    """What runs a task of this kind, and what makes the plan of such a run.

    Raises :class:`TaskError` for an unknown task, and for options of another kind.
    """
    if options.task in SEQUENCE_TASKS:
        return interval_command.run, interval_command.build_plan
    known = [*TASKS, *SEQUENCE_TASKS, *FAMILIES]
    if options.task not in known:
        raise TaskError(f"task {options.task!r} is unknown; choose one of {known}")
    interval_command.refuse_own_options(options)
    if options.task in FAMILIES:
        return learn_command.run, learn_command.build_plan
    return _train, _configuration


def _configuration(options: argparse.Namespace, defaults: object) -> Configuration:
    for name in ("learned", "targets"):
        if getattr(options, name) is not None:
            raise TaskError(f"run {options.task}: --{name} is for families of tasks, "
                            f"{list(FAMILIES)}")
    return Configuration(
        task=options.task, backend=options.backend, machine=options.machine,
        precision=options.precision, seed=options.seed, updates=options.updates,
        neurons=options.neurons, threads=options.threads, feedback=options.feedback,
        rule=options.rule, gradient=options.gradient, recurrent=options.recurrent,
        keep_training=options.keep_training,
        parameters=(*options.set, *data_parameter(options.data)),
        setup=tuple(options.setup), conditions=tuple(options.condition),
        plugins=tuple(options.plugin))


def _train(options: argparse.Namespace, defaults: object) -> int:
    with warnings.catch_warnings(record=True) as caught:
        configuration = _configuration(options, defaults)
    for warning in caught:
        print(f"pynn-eprop: warning: {warning.message}", file=sys.stderr)
    out = options.out or Path("results", f"{options.task}-seed{options.seed}")
    experiment = Experiment(configuration, out, options.checkpoint_every)
    bar = ProgressBar(configuration)
    silent = options.quiet or processes().rank > 0
    try:
        results = experiment.run(options.resume, options.force,
                                 ignore_progress if silent else bar.show)
    finally:
        bar.close()
    if processes().rank == 0:
        print(result_line(results))
    if not silent:
        print(f"open {out / 'report.html'}")
    return 0


_IN_INTERVALS = {
    "machine": f"; of tasks learned in intervals one of: {', '.join(MACHINES)} (default: "
               f"{COMPILED})",
    "rule": f"; of tasks learned in intervals one of: {', '.join(INTERVAL_RULES)} (default: "
            f"{EPROP_3})"}


class _Default(str):
    """The default of an option, which is not the same object as a user's equal text."""


class ProgressBar:
    """A bar on standard error with the latest error, from the first call of ``show`` on."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._error_name = configuration.build_task().error_name
        self._bar: tqdm | None = None

    def show(self, history: History, finished: bool) -> None:
        """Move the bar to the number of updates done; close it when training has finished."""
        if self._bar is None:
            self._bar = tqdm(total=self._configuration.n_updates, initial=history.updates,
                             desc=self._configuration.task, unit="update", dynamic_ncols=True,
                             file=sys.stderr)
        if history.error:
            self._bar.set_postfix_str(f"{self._error_name} {history.error[-1]:.4f}",
                                      refresh=finished)
        self._bar.update(history.updates - self._bar.n)
        if finished:
            self.close()

    def close(self) -> None:
        """Show the bar as it is now and end its line."""
        if self._bar is not None and not self._bar.disable:
            self._bar.refresh()
            self._bar.close()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pynn-eprop", description="Train the networks of Bellec et al. (2019) with e-prop.")
    parser.add_argument("--version", action="version", version=pynn_eprop.__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="name")
    listing = commands.add_parser(
        "list", help="list tasks, rules, cells, backends and all else that has a name")
    listing.set_defaults(command=_list)
    _add_plugin(listing)
    run = commands.add_parser("run", help="train on a task and write a results folder")
    run.set_defaults(command=_run)
    _add_run_options(run)
    sweep_command.add_parser(commands, _add_run_options, _build_plan)
    learn_command.add_parser(commands, _add_plugin, _assignment, _seconds)
    decode_command.add_parser(commands, partial(_add_training, tasks=[
        name for name, kind in TASKS.items() if kind.decoding is not Task.decoding]))
    compare_command.add_parser(commands, _assignment)
    board_command.add_parser(commands, _assignment)
    check_command.add_parser(commands, _assignment)
    _add_data(commands)
    return parser


def _add_run_options(parser: argparse.ArgumentParser) -> None:
    """Add all options of ``run``."""
    _add_training(parser, (*TASKS, *SEQUENCE_TASKS, *FAMILIES), _IN_INTERVALS)
    parser.add_argument("--updates", type=int, help="weight updates, at most (default: the task's)")
    interval_command.add_run_options(parser)
    add_data_option(parser)
    learn_command.add_run_options(parser)
    parser.add_argument("--keep-training", action="store_true", help="do all updates, also after "
                        "the task is solved or has stopped improving")
    parser.set_defaults(default_of=parser.get_default)


def _add_data(commands: Any) -> None:
    data = commands.add_parser("data", help="make or check the data of a task, without training")
    sets = data.add_subparsers(required=True, metavar="NAME")
    for data_set in DATA_SETS.values():
        parser = sets.add_parser(data_set.name, help=data_set.meaning,
                                 description=f"Make or check {data_set.meaning}.")
        data_set.add_arguments(parser)
        parser.set_defaults(command=data_set.run)


def _add_training(parser: argparse.ArgumentParser, tasks: Iterable[str] = TASKS,
                  others: Mapping[str, str] | None = None) -> None:
    """Add the options that choose a training, but for the number of updates, and its folder.

    others: what the help of an option says of other kinds of tasks, by the option's name.
    """
    others = others or {}
    parser.add_argument("task", metavar="TASK",
                        help=f"one of: {', '.join(tasks)}, or a plugin's")
    parser.add_argument("--backend", default="host",
                        help=f"one of: {', '.join(BACKENDS)}, or a plugin's (default: %(default)s)")
    machines = "; ".join(f"of {backend.name}: {', '.join(backend.machines)}"
                         for backend in BACKENDS.values() if backend.machines)
    through_time = [backend.name for backend in BACKENDS.values() if BPTT in backend.gradients]
    parser.add_argument("--machine",
                        help=f"what runs networks, of backends that have several ({machines}; "
                             f"default: the first){others.get('machine', '')}")
    parser.add_argument("--precision",
                        help=f"number system, one of: {', '.join(PRECISIONS)}, if the backend has "
                             "it (default: its first)")
    parser.add_argument("--seed", type=int, default=1, help="default: %(default)s")
    parser.add_argument("--neurons", type=int,
                        help="size of the network (default: the paper's)")
    parser.add_argument("--threads", type=int, default=1, help="default: %(default)s")
    parser.add_argument("--feedback", default="random", help=f"one of: {', '.join(FEEDBACKS)}")
    parser.add_argument("--rule", default=_Default(EProp.name), metavar="NAME",
                        help=f"learning rule of synapses onto cells, one of: {', '.join(RULES)}, "
                             f"or a plugin's, and {READOUT_ONLY} for none; parameters follow a "
                             "colon, as in clopath:tau_v=20,v_plus=0.1 (default: %(default)s)"
                             + others.get("rule", ""))
    parser.add_argument("--gradient", default=EPROP, metavar="NAME",
                        help=f"what learning follows, one of: {', '.join(GRADIENTS)}; {BPTT} is "
                             f"backpropagation through time, on: {', '.join(through_time)} "
                             "(default: %(default)s)")
    parser.add_argument("--no-recurrent", dest="recurrent", action="store_false",
                        help="leave out the connections within the network")
    _add_plugin(parser)
    parser.add_argument("--set", action="append", default=[], type=_assignment,
                        metavar="NAME=VALUE",
                        help="change a parameter of the task (may be repeated); an unknown NAME "
                             "lists them")
    parser.add_argument("--setup", action="append", default=[], type=_assignment,
                        metavar="NAME=VALUE",
                        help="give the backend's setup() a further keyword, as substrate=stand-in "
                             "of brainscales (may be repeated)")
    parser.add_argument("--condition", action="append", default=[], type=_assignment,
                        metavar="NAME=VALUE",
                        help="make the board of backend emulator as hard as a real one in some "
                             "way (may be repeated); `pynn-eprop board --help` lists them")
    parser.add_argument("--out", type=Path, metavar="DIR",
                        help="results folder (default: a folder in results/, named after what "
                             "runs)")
    again = parser.add_mutually_exclusive_group()
    again.add_argument("--resume", action="store_true",
                        help="continue the run in DIR; start it if there is none")
    again.add_argument("--force", action="store_true", help="replace the run in DIR")
    parser.add_argument("--checkpoint-every", type=_seconds, default=CHECKPOINT_SECONDS,
                        metavar="SECONDS", help="default: %(default)g")
    parser.add_argument("--quiet", action="store_true", help="print the result only")


def _add_plugin(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--plugin", action="append", default=[], metavar="MODULE",
                        help="module, or .py file, that registers cells, rules, losses, "
                             "optimisers, pseudo-derivatives, tasks or backends of your own "
                             "(may be repeated)")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0.0 <= seconds < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds >= 0")
    return seconds


def _assignment(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form NAME=VALUE")
    try:
        return name, parse_value(value)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{value!r} is not a number or a name") from None


if __name__ == "__main__":
    sys.exit(main())
