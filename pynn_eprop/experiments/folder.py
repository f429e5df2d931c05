"""A results folder: its contents, atomic writes, and the state from which a run goes on.

results.json         the result, with the warnings of the training; written last, so that its
                     presence means "finished", unless it has an entry "failure": then it is the
                     result up to the failure of a machine, or of a training that diverged
weights.npz          final weights by projection; of a task that is trained in epochs, those of the
                     best one
learning_curve.csv   one row per update, also of a run in progress
recording.nix        Neo: the trial after training
figure.png, .svg     the figure; report.html shows it with the tables
state/               checkpoint, progress, earlier weights and those of the best epoch, for --resume
failure/             output and counters of a SpiNNaker machine's cores when one failed
"""

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import IO, Any

from pynn_eprop.backends import EPROP
from pynn_eprop.common.processes.started import processes
from pynn_eprop.errors import ResultsError
from pynn_eprop.experiments.command_line import DATA
from pynn_eprop.experiments.history import History
from pynn_eprop.models.rules import EProp

PRODUCTS = ("results.json", "weights.npz", "learning_curve.csv", "recording.nix", "figure.png",
            "figure.svg", "report.html")
_WITHOUT_PROGRESS = ("checkpoint-*.npz", "epoch-*.npz", "weights-*.npz")
CHECKPOINT_SECONDS = 5.0
"""Time between two states that are saved."""
_OUR_STATE = ("lock", "identity.json", "progress.json")
_BEFORE_THERE_WAS_A_CHOICE = {"rule": EProp.name, "gradient": EPROP}
"""Fields that identities of older folders do not have."""


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Call ``write`` with a temporary path of the same suffix, then put it in place of ``path``.

    Of several processes that of rank 0 does so.
    """
    if processes().rank:
        return
    temporary = _partly_written(path)
    write(temporary)
    with open(temporary, "rb") as written:
        os.fsync(written.fileno())
    os.replace(temporary, path)


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically."""
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def claim_folder(path: Path, state: Path, products: Iterable[str] = ()) -> IO[str]:
    """Make a folder, and keep other processes out of it until the file is closed.

    state: the folder in it that holds the lock. What interrupted writes of products and state have
    left is removed. Raises :class:`ResultsError` if the folder cannot be made or written to, is in
    use, or has a state that is not ours.
    """
    if path.exists() and not path.is_dir():
        raise ResultsError(f"{path} is a file; give --out a folder")
    if state.exists() and not any((state / name).exists() for name in _OUR_STATE) and (
            not state.is_dir() or any(state.iterdir())):
        raise ResultsError(f"{state} is there, and not of this program; give another --out")
    try:
        state.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ResultsError(f"{path} cannot be made: {error.strerror}") from error
    try:
        lock = open(state / "lock", "w", encoding="utf-8")
    except OSError as error:
        raise ResultsError(f"{path} cannot be written to: {error.strerror}; give another "
                           "--out") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise ResultsError(f"{path} is in use by another run; wait for it, or give another "
                           "--out") from None
    for name in products:
        _partly_written(path / name).unlink(missing_ok=True)
    for partly_written in state.glob(".*.part*"):
        partly_written.unlink()
    return lock


def _partly_written(path: Path) -> Path:
    """Where a file is written before it takes its place."""
    return path.with_name(f".{path.stem}.part{path.suffix}")


def clear_folder(path: Path, products: Iterable[str], state: Path) -> None:
    """Remove the products and the state, but for its lock.

    identity.json is the last, so that no state is left of which nobody knows whose it is.
    """
    for name in products:
        (path / name).unlink(missing_ok=True)
    for entry in sorted(state.iterdir(), key=lambda each: each.name == "identity.json"):
        if entry.is_dir():
            shutil.rmtree(entry)
        elif entry.name != "lock":
            entry.unlink()


def read_json(path: Path, *needed: str) -> dict[str, Any]:
    """The contents of a file. Raises :class:`ResultsError` if it is damaged or lacks a name."""
    try:
        fields = dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise ResultsError(f"{path} cannot be read ({error}); use --force to start "
                           "again") from error
    missing = [name for name in needed if name not in fields]
    if missing:
        raise ResultsError(f"{path} cannot be read (it has no {', '.join(missing)}); use --force "
                           "to start again")
    return fields


def check_identity(found: dict[str, Any], wanted: dict[str, Any], path: Path) -> None:
    """Raise :class:`ResultsError`, with the differences, unless a folder holds what is asked for.

    found, wanted: all that decides the contents of the folder ``path``.
    """
    # through JSON, so that tuples and lists compare equal
    found, wanted = (_flat(_BEFORE_THERE_WAS_A_CHOICE | each)
                     for each in (found, json.loads(json.dumps(wanted))))
    # one entry for both, as before --machine
    labels = {} if "machine" in wanted else {"precision": "machine or precision"}
    different = [f"{labels.get(name, name)}: {found.get(name)!r} there, "
                 f"{wanted.get(name)!r} asked for"
                 for name in sorted(found.keys() | wanted.keys())
                 if found.get(name) != wanted.get(name)]
    if different:
        raise ResultsError(f"{path} holds another run ({'; '.join(different)}); repeat its "
                           "options, use --force to replace it, or give another --out")


def _flat(identity: dict[str, Any]) -> dict[str, Any]:
    """An identity with its parameters one by one.

    The path of data that have a checksum is left out: they may have been moved.
    """
    parameters = identity.get("parameters")
    if not isinstance(parameters, dict):
        return identity
    others = {name: value for name, value in identity.items() if name != "parameters"}
    return others | {f"parameter {name}": value for name, value in parameters.items()
                     if name != DATA or "data_checksum" not in identity}


class ResultsFolder:
    """The folder of one run. Raises :class:`ResultsError` if it cannot be used."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.state = path / "state"
        self._lock: IO[str] | None = None

    @property
    def finished(self) -> bool:
        """Whether the folder holds a result, other than that of a run that failed."""
        return (self.path / "results.json").exists() and "failure" not in self.read_results()

    @property
    def complete(self) -> bool:
        """Whether no product of the result is missing."""
        return self.finished and all((self.path / name).exists() for name in PRODUCTS)

    @property
    def started(self) -> bool:
        """Whether the folder holds a state to go on from."""
        return (self.state / "progress.json").exists()

    def open(self, identity: dict[str, Any], resume: bool, force: bool) -> History | None:
        """Make the folder ready and take its lock; without the lock if that fails.

        Returns the history to go on from, or None to start again.
        """
        if not (resume or force):
            self._refuse_to_overwrite()
        if (self.state / "identity.json").exists():
            raise ResultsError(f"{self.path} holds the work of another command; give another --out")
        self._lock = claim_folder(self.path, self.state, PRODUCTS)
        try:
            return self._take(identity, resume, force)
        except BaseException:
            self.close()
            raise

    def _take(self, identity: dict[str, Any], resume: bool, force: bool) -> History | None:
        if force and not resume:
            clear_folder(self.path, PRODUCTS, self.state)
            shutil.rmtree(self.path / "failure", ignore_errors=True)
        if not self.started:
            if resume and self.finished:
                raise ResultsError(f"{self.path} holds a result but no state to resume from; "
                                   "use --force to replace it")
            self._refuse_what_is_not_ours()
            for pattern in _WITHOUT_PROGRESS:   # of a run that was killed before it had any
                for left in self.state.glob(pattern):
                    left.unlink()
            return None
        progress = self._read_progress()
        check_identity(progress["identity"], identity, self.path)
        return History.from_dict(progress["history"])

    def checkpoint_path(self) -> Path:
        """The checkpoint that belongs to the progress on disk.

        Raises :class:`ResultsError` if the backend keeps none.
        """
        name = self._read_progress()["checkpoint"]
        if name is None:
            raise ResultsError(f"{self.path} holds a run on a backend that keeps no checkpoint, so "
                               "that it cannot go on; use --force to start again")
        return self.state / str(name)

    def save_progress(self, identity: dict[str, Any], history: History,
                      save_checkpoint: Callable[[Path], object] | None,
                      epochs: Collection[int] = ()) -> None:
        """Write checkpoint and history; replacing progress.json makes both valid at once.

        ``save_checkpoint`` is None if the backend keeps none. epochs: the updates after which
        weights of epochs are kept; those of others are removed. Of several processes that of rank 0
        writes.
        """
        if processes().rank:
            return
        checkpoint = self.state / f"checkpoint-{history.updates:06d}.npz"
        if save_checkpoint is not None:
            write_atomically(checkpoint, save_checkpoint)
        write_text(self.state / "progress.json", json.dumps(
            {"identity": identity, "history": history.as_dict(),
             "checkpoint": None if save_checkpoint is None else checkpoint.name}))
        write_text(self.path / "learning_curve.csv", history.to_csv())
        for old in self.state.glob("checkpoint-*.npz"):
            if old != checkpoint:
                old.unlink()
        kept = [self.epoch_path(update) for update in epochs]
        for old in self.state.glob("epoch-*.npz"):
            if old not in kept:
                old.unlink()

    def snapshot_path(self, update: int) -> Path:
        """The file of the weights after ``update`` updates, kept for the figure."""
        return self.state / f"weights-{update:06d}.npz"

    def epoch_path(self, update: int) -> Path:
        """The file of the weights after an epoch that ended with update ``update``."""
        return self.state / f"epoch-{update:06d}.npz"

    def snapshots(self) -> list[int]:
        """The updates whose weights are kept, in order."""
        return sorted(int(path.stem.split("-")[1]) for path in self.state.glob("weights-*.npz"))

    def read_results(self) -> dict[str, Any]:
        """The contents of results.json."""
        return read_json(self.path / "results.json")

    def close(self) -> None:
        """Release the lock, so that other processes can use the folder."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _read_progress(self) -> dict[str, Any]:
        return read_json(self.state / "progress.json", "identity", "history", "checkpoint")

    def _refuse_what_is_not_ours(self) -> None:
        """Raise :class:`ResultsError` for files of a folder that no run has begun to fill."""
        found = [name for name in PRODUCTS if (self.path / name).exists()]
        if found and "results.json" not in found:   # the results of a failed run are replaced
            raise ResultsError(f"{self.path} holds {', '.join(found)}, but neither a result nor a "
                               "state to resume from; use --force to replace it, or give another "
                               "--out")

    def _refuse_to_overwrite(self) -> None:
        if self.finished:
            raise ResultsError(f"{self.path} holds a finished run; use --resume to keep it and go "
                               "on, --force to replace it, or another --out")
        if self.started:
            updates = len(self._read_progress()["history"]["error"])
            raise ResultsError(f"{self.path} holds a run interrupted after {updates} updates; use "
                               "--resume to go on, --force to start again, or another --out")
