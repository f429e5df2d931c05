"""The folder of an outer loop or of a one-shot run: identity, lock, and a state to go on from."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from pynn_eprop.errors import ResultsError
from pynn_eprop.experiments.folder import lock_folder, write_text


class WorkFolder:
    """A folder that one plan owns.

    results.json, written last, says that it is finished; state/ has the plan's identity and what
    it has done so far. products: names of the files of the result. Raises :class:`ResultsError` if
    it cannot be used.
    """

    def __init__(self, path: Path, products: Sequence[str]) -> None:
        self.path, self.state = path, path / "state"
        self._products = (*products, "results.json")
        self._lock: IO[str] | None = None

    @property
    def finished(self) -> bool:
        """Whether all of the result is there."""
        return all((self.path / name).exists() for name in self._products)

    def open(self, identity: dict[str, Any], resume: bool, force: bool) -> None:
        """Make the folder ready and take its lock; without the lock if that fails."""
        if self.path.exists() and not self.path.is_dir():
            raise ResultsError(f"{self.path} is a file; give --out a folder")
        begun = self.state / "identity.json"
        if begun.exists() and not (resume or force):
            what = "a finished" if self.finished else "an unfinished"
            raise ResultsError(f"{self.path} holds {what} run; use --resume to keep it and go on, "
                               "--force to replace it, or another --out")
        foreign = self.path / "progress.json", self.path / "state" / "progress.json"
        if any(path.exists() for path in foreign):
            raise ResultsError(f"{self.path} holds the run of a task; give another --out")
        if not begun.exists() and (resume or not force):
            self._check_empty()
        try:
            self.state.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ResultsError(f"{self.path} cannot be made: {error.strerror}") from error
        self._lock = lock_folder(self.path, self.state)
        try:
            self._take(begun, identity, resume, force)
        except BaseException:
            self.close()
            raise

    def _take(self, begun: Path, identity: dict[str, Any], resume: bool, force: bool) -> None:
        for part in [*self.path.glob(".*.part*"), *self.state.glob(".*.part*")]:
            part.unlink()
        if force and not resume:
            for path in [*(self.path / name for name in self._products), *self.state.iterdir()]:
                if path.name != "lock":
                    path.unlink(missing_ok=True)
        if begun.exists():
            self._check(identity, self._read(begun))
        else:
            write_text(begun, json.dumps(identity))

    def _check_empty(self) -> None:
        """Raise :class:`ResultsError` for a result of which nobody knows whose it is."""
        found = [name for name in self._products if (self.path / name).exists()]
        if found:
            raise ResultsError(f"{self.path} holds {', '.join(found)} but no state to resume from; "
                               "use --force to replace it, or give another --out")

    def _check(self, wanted: dict[str, Any], found: dict[str, Any]) -> None:
        # by JSON, so that tuples and lists compare equal
        found, wanted = _flat(found), _flat(json.loads(json.dumps(wanted)))
        different = [f"{name}: {found.get(name)!r} there, {wanted.get(name)!r} asked for"
                     for name in sorted(found.keys() | wanted.keys())
                     if found.get(name) != wanted.get(name)]
        if different:
            raise ResultsError(f"{self.path} holds another run ({'; '.join(different)}); repeat "
                               "its options, use --force to replace it, or give another --out")

    def read_results(self) -> dict[str, Any]:
        """The contents of results.json."""
        return self._read(self.path / "results.json")

    def write_results(self, results: dict[str, Any]) -> None:
        """Write results.json."""
        write_text(self.path / "results.json", json.dumps(results, indent=1, allow_nan=False)
                   + "\n")

    def read_state(self, name: str) -> dict[str, Any] | None:
        """The contents of a JSON file of the state, if there is one."""
        path = self.state / name
        return self._read(path) if path.exists() else None

    @staticmethod
    def _read(path: Path) -> dict[str, Any]:
        try:
            return dict(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise ResultsError(f"{path} cannot be read ({error}); use --force to start "
                               "again") from error

    def close(self) -> None:
        """Release the lock."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def _flat(identity: dict[str, Any]) -> dict[str, Any]:
    """An identity with its parameters one by one."""
    parameters = identity.get("parameters")
    if not isinstance(parameters, dict):
        return identity
    others = {name: value for name, value in identity.items() if name != "parameters"}
    return others | {f"parameter {name}": value for name, value in parameters.items()}
