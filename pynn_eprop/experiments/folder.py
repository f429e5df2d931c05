"""A results folder: its contents, atomic writes, and the state from which a run goes on.

results.json         the result, with the warnings of the training; written last, so that its
                     presence means "finished", unless it has an entry "failure": then it is the
                     result up to the failure of a machine
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
from collections.abc import Callable, Collection
from pathlib import Path
from typing import IO, Any

from pynn_eprop.backends import EPROP
from pynn_eprop.errors import ResultsError
from pynn_eprop.experiments.command_line import DATA
from pynn_eprop.experiments.history import History
from pynn_eprop.models.rules import EProp

PRODUCTS = ("results.json", "weights.npz", "learning_curve.csv", "recording.nix", "figure.png",
            "figure.svg", "report.html")
_LEFT_OUT = {"rule": EProp.name, "gradient": EPROP}
"""Fields of an identity that are left out with these values, as before there was a choice."""


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Call ``write`` with a temporary path of the same suffix, then put it in place of ``path``."""
    temporary = path.with_name(f".{path.stem}.part{path.suffix}")
    write(temporary)
    with open(temporary, "rb") as written:
        os.fsync(written.fileno())
    os.replace(temporary, path)


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically."""
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


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
        """Make the folder ready; return the history to go on from, or None to start again."""
        if self.path.exists() and not self.path.is_dir():
            raise ResultsError(f"{self.path} is a file; give --out a folder")
        if not (resume or force):
            self._refuse_to_overwrite()
        try:
            self.state.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ResultsError(f"{self.path} cannot be made: {error.strerror}") from error
        self._take_lock()
        for partly_written in [*self.path.glob(".*.part*"), *self.state.glob(".*.part*")]:
            partly_written.unlink()
        if force and not resume:
            self._clear()
        if not self.started:
            if resume and self.finished:
                raise ResultsError(f"{self.path} holds a result but no state to resume from; "
                                   "use --force to replace it")
            return None
        progress = self._read_progress()
        _check_identity(progress["identity"], identity, self.path)
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
        weights of epochs are kept; those of others are removed.
        """
        checkpoint = self.state / f"checkpoint-{history.updates:06d}.npz"
        if save_checkpoint is not None:
            write_atomically(checkpoint, save_checkpoint)
        write_text(self.path / "learning_curve.csv", history.to_csv())
        write_text(self.state / "progress.json", json.dumps(
            {"identity": identity, "history": history.as_dict(),
             "checkpoint": None if save_checkpoint is None else checkpoint.name}))
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
        return _read_json(self.path / "results.json")

    def close(self) -> None:
        """Release the lock, so that other processes can use the folder."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _read_progress(self) -> dict[str, Any]:
        return _read_json(self.state / "progress.json")

    def _refuse_to_overwrite(self) -> None:
        if self.finished:
            raise ResultsError(f"{self.path} holds a finished run; use --resume to keep it and go "
                               "on, --force to replace it, or another --out")
        if self.started:
            updates = len(self._read_progress()["history"]["error"])
            raise ResultsError(f"{self.path} holds a run interrupted after {updates} updates; use "
                               "--resume to go on, --force to start again, or another --out")

    def _clear(self) -> None:
        for name in PRODUCTS:
            (self.path / name).unlink(missing_ok=True)
        shutil.rmtree(self.path / "failure", ignore_errors=True)
        for entry in self.state.iterdir():
            if entry.is_dir():
                shutil.rmtree(entry)
            elif entry.name != "lock":
                entry.unlink()

    def _take_lock(self) -> None:
        self._lock = lock_folder(self.path, self.state)


def lock_folder(path: Path, state: Path) -> IO[str]:
    """Keep other processes out of a folder until the file is closed.

    state: the folder in it that holds the lock. Raises :class:`ResultsError` if it is in use.
    """
    lock = open(state / "lock", "w", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ResultsError(f"{path} is in use by another run; wait for it, or give another "
                           "--out") from None
    return lock


def _read_json(path: Path) -> dict[str, Any]:
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ResultsError(f"{path} cannot be read ({error}); use --force to start "
                           "again") from error
    return dict(fields)


def _check_identity(found: dict[str, Any], wanted: dict[str, Any], path: Path) -> None:
    # through JSON, so that tuples and lists compare equal
    wanted = json.loads(json.dumps(wanted))
    labels = {"precision": "machine or precision"}      # one entry for both, as before --machine
    found, wanted = _comparable(_LEFT_OUT | found), _comparable(_LEFT_OUT | wanted)
    different = [f"{labels.get(name, name)}: {found.get(name)!r} there, "
                 f"{wanted.get(name)!r} asked for"
                 for name in sorted(found.keys() | wanted.keys())
                 if found.get(name) != wanted.get(name)]
    if different:
        raise ResultsError(f"{path} holds another run ({'; '.join(different)}); repeat its "
                           "options, use --force to replace it, or give another --out")


def _comparable(identity: dict[str, Any]) -> dict[str, Any]:
    """An identity without the path of data that have a checksum: they may have been moved."""
    if "data_checksum" not in identity:
        return identity
    parameters = {name: value for name, value in identity["parameters"].items() if name != DATA}
    return {**identity, "parameters": parameters}
