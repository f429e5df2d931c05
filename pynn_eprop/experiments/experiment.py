"""Run a task from its configuration to a results folder."""

import json
import shutil
import signal
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from pynn_eprop.backends import has, load_backend
from pynn_eprop.common.expansion.memory import check_fits
from pynn_eprop.common.expansion.progress import hidden
from pynn_eprop.common.processes.started import processes
from pynn_eprop.common.script.capabilities import Capability
from pynn_eprop.errors import (
    CheckpointError,
    MachineError,
    ResultsError,
    SimulationError,
    UnsupportedError,
)
from pynn_eprop.experiments.configuration import Configuration
from pynn_eprop.experiments.epochs import answers_to_tests, check_epochs
from pynn_eprop.experiments.folder import (
    CHECKPOINT_SECONDS,
    ResultsFolder,
    write_atomically,
    write_text,
)
from pynn_eprop.experiments.history import History
from pynn_eprop.experiments.interrupts import DeferredInterrupts, ExperimentInterrupted
from pynn_eprop.experiments.kept_warnings import keep_warnings
from pynn_eprop.experiments.recording import record_trial, save_nix, to_arrays
from pynn_eprop.experiments.report import write_report
from pynn_eprop.experiments.results import collect_results, without_nan
from pynn_eprop.experiments.task_network import TaskNetwork
from pynn_eprop.experiments.training import Training, finished
from pynn_eprop.plotting import save_figure, styled
from pynn_eprop.tasks.epoch_task import EpochTask
from pynn_eprop.tasks.network_plan import NetworkPlan
from pynn_eprop.tasks.trial_record import TrialRecord
from pynn_eprop.tasks.trials import Responses, Trials

Progress = Callable[[History, bool], None]


def ignore_progress(history: History, finished: bool) -> None:
    """Show nothing."""


class Experiment:
    """One run in one folder; all processes that share it make the same calls.

    weights_after: updates after which the folder keeps the weights, beside those of its figure.
    Raises the package's typed errors, before any work is done, if configuration or folder do not
    allow the run, and :class:`ExperimentInterrupted` after a signal or :class:`MachineError` after
    a failure of a SpiNNaker machine, with all work saved.
    """

    def __init__(self, configuration: Configuration, out: Path,
                 checkpoint_seconds: float = CHECKPOINT_SECONDS,
                 weights_after: Collection[int] = ()) -> None:
        self.configuration = configuration
        self._weights_after = weights_after
        self.folder = ResultsFolder(out)
        self._processes = processes()
        self.task = configuration.build_task()
        self._checkpoint_seconds = checkpoint_seconds
        self._sim = load_backend(configuration.backend)
        validated = self.task.validated or self.task.in_epochs
        if validated and not has(self._sim, Capability.PAUSED_LEARNING):
            raise UnsupportedError(
                f"task {configuration.task!r} is validated with learning switched off, which "
                f"backend {configuration.backend!r} cannot do")
        if self.task.in_epochs and not has(self._sim, Capability.WEIGHTS_WHILE_RUNNING):
            raise UnsupportedError(
                f"task {configuration.task!r} keeps the weights of its best epoch while it goes "
                f"on, which backend {configuration.backend!r} cannot do")

    def run(self, resume: bool = False, force: bool = False,
            progress: Progress = ignore_progress) -> dict[str, Any]:
        """Train, evaluate and write the folder; return the contents of results.json.

        ``progress`` is called with the history, and with whether training has finished, at the
        start and after each chunk of updates; with the default nothing shows any progress.
        """
        identity = self.configuration.identity()
        if isinstance(self.task, EpochTask):
            check_epochs(self.task)
        checksum = self.task.data_checksum()
        if checksum is not None:
            identity["data_checksum"] = checksum
        history = self._processes.first(lambda: self.folder.open(identity, resume, force))
        try:
            complete = self._processes.first(lambda: self._complete(history))
            if complete is not None:
                return complete
            with self.configuration.context(), DeferredInterrupts() as interrupts, \
                    hidden(progress is ignore_progress):
                history = self._train(history, identity, interrupts, progress)
                try:
                    return self._write(history, self._answer_tests(history, interrupts))
                except MachineError as error:
                    raise self._failed(history, error) from error
        finally:
            self.folder.close()

    def _complete(self, history: History | None) -> dict[str, Any] | None:
        """The folder's result, if it is the one asked for.

        Raises :class:`ResultsError` for a state with more updates, whose result the command that is
        given would not be that of.
        """
        if history is not None and not self.folder.complete \
                and history.updates > self.configuration.n_updates:
            raise ResultsError(f"{self.folder.path} has done {history.updates} updates, more than "
                               f"the {self.configuration.n_updates} asked for; resume with those "
                               "that it was begun with")
        if history is None or not self.folder.complete \
                or not finished(history, self.task, self.configuration):
            return None
        results = self.folder.read_results()
        return results if results["updates"] == history.updates else None

    def _received(self, interrupts: DeferredInterrupts) -> int | None:
        """The signal that this process or another one has received."""
        return self._processes.meet("part of a training", signal=interrupts.received)

    def _plan(self) -> NetworkPlan:
        configuration = self.configuration
        n = self.task.n_neurons
        check_fits(n * n if configuration.recurrent else n, f"task {configuration.task!r}")
        return configuration.build_plan()

    def _setup(self) -> dict[str, Any]:
        return self.configuration.setup_keywords(self.folder.path)

    def _train(self, history: History | None, identity: dict[str, Any],
               interrupts: DeferredInterrupts, progress: Progress) -> History:
        begun = history is not None
        history = history or History()
        with keep_warnings(history.warnings):
            return self._train_on(history, begun, identity, interrupts, progress)

    def _train_on(self, history: History, begun: bool, identity: dict[str, Any],
                  interrupts: DeferredInterrupts, progress: Progress) -> History:
        """Train from the end of the history; ``begun``: whether a state of it is on the disk."""
        sim, folder = self._sim, self.folder
        network = TaskNetwork(sim, self._plan(), self.configuration.seed, self._setup())
        training = Training(network, self.task, self.configuration, history)
        if not begun:
            write_atomically(folder.snapshot_path(0), sim.save_weights)
        else:
            self._load(folder.checkpoint_path())
        try:
            self._advance(training, history, identity, interrupts, progress)
        except MachineError as error:
            whole = history.whole()
            with suppress(SimulationError):     # an earlier state on the disk stays
                if history.updates and sim.num_updates() == history.updates:
                    folder.save_progress(identity, whole, sim.save_checkpoint,
                                         training.epochs.kept if training.epochs else ())
            with suppress(SimulationError):     # or the machine has taken them with it
                write_atomically(folder.path / "weights.npz", sim.save_weights)
            raise self._failed(whole, error) from error
        best = history.best_epoch
        write_atomically(folder.path / "weights.npz", sim.save_weights if best is None else
                         lambda path: shutil.copyfile(folder.epoch_path(best.update), path))
        sim.end()
        return history

    def _advance(self, training: Training, history: History, identity: dict[str, Any],
                 interrupts: DeferredInterrupts, progress: Progress) -> None:
        """Train to the end, or to a signal, and save the state."""
        sim, folder = self._sim, self.folder
        keeps = has(sim, Capability.CHECKPOINTS)

        def save() -> float:
            folder.save_progress(identity, history, sim.save_checkpoint if keeps else None,
                                 training.epochs.kept if training.epochs is not None else ())
            return time.monotonic()

        last = self.configuration.n_updates
        kept = {max(1, last // 10), *self._weights_after}
        saved_at = time.monotonic()
        progress(history, training.finished)
        received = None
        while not training.finished:
            received = self._received(interrupts)
            if received is not None:
                break
            epochs = len(history.epochs)
            training.advance(min((each for each in kept if each > history.updates), default=last))
            progress(history, training.finished)
            if len(history.epochs) > epochs:
                if training.epochs is not None and history.updates in training.epochs.kept:
                    write_atomically(folder.epoch_path(history.updates), sim.save_weights)
                saved_at = save()
            if history.updates in kept and has(sim, Capability.WEIGHTS_WHILE_RUNNING):
                write_atomically(folder.snapshot_path(history.updates), sim.save_weights)
            if time.monotonic() - saved_at >= self._checkpoint_seconds:
                saved_at = save()
        if history.updates:
            save()
        if received is not None:
            raise self._interrupted(received, history)

    def _failed(self, history: History, error: MachineError) -> MachineError:
        """Write the results up to a failure; returns the error with advice on how to go on."""
        folder = self.folder
        if not history.updates:
            return error
        write_text(folder.path / "learning_curve.csv", history.to_csv())
        self._write_results({**self._results(history), "failure": str(error)})
        command = self.configuration.command(str(folder.path))
        how = f"To go on:\n  {command} --resume" if folder.started else \
            f"To start again:\n  {command}"
        return MachineError(f"{error}\n{history.updates} updates are in {folder.path}. {how}",
                            error.folder)

    def _write_results(self, results: dict[str, Any]) -> None:
        write_text(self.folder.path / "results.json",
                   json.dumps(without_nan(results), indent=1, allow_nan=False))

    def _results(self, history: History,
                 answers: dict[str, np.ndarray] | None = None) -> dict[str, Any]:
        """The contents of results.json, with what the backend says of itself, if it does."""
        found = collect_results(self.configuration, history, answers)
        describe = getattr(self._sim, "describe", None)
        described: Any = describe() if callable(describe) else None
        if hasattr(described, "as_dict"):
            found["simulator"] = described.as_dict()
        return found

    def _load(self, checkpoint: Path) -> None:
        try:
            self._sim.load_checkpoint(checkpoint)
        except CheckpointError as error:
            raise ResultsError(f"{error}; use --force to start again") from error

    def _interrupted(self, number: int, history: History) -> ExperimentInterrupted:
        name = signal.Signals(number).name
        wanted = self.configuration.n_updates
        stopped = f"{name}: stopped after {history.updates} of {wanted} updates"
        command = self.configuration.command(str(self.folder.path))
        if not has(self._sim, Capability.CHECKPOINTS):
            return ExperimentInterrupted(
                f"{stopped}; backend {self.configuration.backend!r} keeps no checkpoint, only the "
                f"learning curve so far is in {self.folder.path}. To start again:\n"
                f"  {command} --force", number)
        return ExperimentInterrupted(f"{stopped}; everything so far is in {self.folder.path}. To "
                                     f"go on:\n  {command} --resume", number)

    def _answer_tests(self, history: History, interrupts: DeferredInterrupts
                      ) -> dict[str, np.ndarray]:
        """The answers to the test sets, counted, with the weights that are the result."""
        if not isinstance(self.task, EpochTask):
            return {}
        sim = self._sim
        network = TaskNetwork(sim, self._plan().without_learning(), self.configuration.seed,
                              self._setup())
        sim.load_weights(self.folder.path / "weights.npz")
        network.record(*self.task.recorded)

        def play(trials: Trials) -> Responses:
            network.run(trials)
            return network.take()

        answers: dict[str, np.ndarray] = {}
        for so_far in answers_to_tests(self.task, play):
            answers = so_far
            received = self._received(interrupts)
            if received is not None:
                raise self._interrupted(received, history)
        sim.end()
        return answers

    def _write(self, history: History, answers: dict[str, np.ndarray]) -> dict[str, Any]:
        """Evaluate and write all products; results.json comes last."""
        folder, plan = self.folder, self._plan()
        best = history.best_epoch
        last = history.updates if best is None else best.update
        trials = self.task.draw_example(self.configuration.seed)
        records = {}
        kept = [update for update in self._processes.first(folder.snapshots) if update < last]
        for update, weights in [*((update, folder.snapshot_path(update)) for update in kept),
                                (last, folder.path / "weights.npz")]:
            try:
                segment = record_trial(self._sim, plan, self.configuration.seed, self._setup(),
                                       weights, trials, f"after {update} updates")
            except CheckpointError as error:
                raise self._without_example(history, answers, error) from error
            records[update] = to_arrays(segment, plan)
        results = self._results(history, answers)
        if self._processes.rank == 0:
            save_nix(segment, self.task.title, folder.path / "recording.nix")
            self._write_report(trials, records, results)
            self._write_results(results)
        return results

    def _without_example(self, history: History, answers: dict[str, np.ndarray],
                         error: CheckpointError) -> ResultsError:
        """Write the results without the trial after training, as of one that diverged."""
        if self._processes.rank == 0:
            write_text(self.folder.path / "learning_curve.csv", history.to_csv())
            self._write_results({**self._results(history, answers), "failure": str(error)})
        return ResultsError(f"{error}. If they are not, the training has diverged, and a lower lr "
                            "may help. Results and learning curve, without the trial after "
                            f"training, are in {self.folder.path}")

    def _write_report(self, trials: Trials, records: dict[int, TrialRecord],
                      results: dict[str, Any]) -> None:
        folder = self.folder
        with styled():
            figure = self.task.draw_figure(trials, records, results)
        for suffix in (".png", ".svg"):
            write_atomically(folder.path / f"figure{suffix}",
                             lambda path: save_figure(figure, path))
        write_report(folder.path / "report.html", self.task, results,
                     folder.path / "figure.png")
