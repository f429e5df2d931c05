"""The folder of any work but the run of a task: identity, lock, and a state to go on from."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from pynn_eprop.errors import ResultsError
from pynn_eprop.experiments.folder import (
    check_identity,
    claim_folder,
    clear_folder,
    read_json,
    write_text,
)


class WorkFolder:
    """A folder that one plan owns.

    results.json, written last, says that it is finished; state/ has the plan's identity and what
    it has done so far. products: names of the files of the result. optional: of those that not
    every result has. Raises :class:`ResultsError` if it cannot be used.
    """

    def __init__(self, path: Path, products: Sequence[str], optional: Sequence[str] = ()) -> None:
        self.path, self.state = path, path / "state"
        self._products = (*products, "results.json")
        self._optional = tuple(optional)
        self._lock: IO[str] | None = None

    @property
    def finished(self) -> bool:
        """Whether all of the result is there."""
        return all((self.path / name).exists() for name in self._products)

    def open(self, identity: dict[str, Any], resume: bool, force: bool) -> None:
        """Make the folder ready and take its lock; without the lock if that fails."""
        begun = self.state / "identity.json"
        if begun.exists() and not (resume or force):
            what = "a finished" if self.finished else "an unfinished"
            raise ResultsError(f"{self.path} holds {what} run; use --resume to keep it and go on, "
                               "--force to replace it, or another --out")
        if (self.state / "progress.json").exists():
            raise ResultsError(f"{self.path} holds the run of a task; give another --out")
        if not begun.exists() and (resume or not force):
            self._check_empty()
        self._lock = claim_folder(self.path, self.state, (*self._products, *self._optional))
        try:
            self._take(begun, identity, resume, force)
        except BaseException:
            self.close()
            raise

    def _take(self, begun: Path, identity: dict[str, Any], resume: bool, force: bool) -> None:
        if force and not resume:
            clear_folder(self.path, (*self._products, *self._optional), self.state)
        if begun.exists():
            check_identity(read_json(begun), identity, self.path)
        else:
            write_text(begun, json.dumps(identity))

    def _check_empty(self) -> None:
        """Raise :class:`ResultsError` for a result of which nobody knows whose it is."""
        found = [name for name in self._products if (self.path / name).exists()]
        if found:
            raise ResultsError(f"{self.path} holds {', '.join(found)} but no state to resume from; "
                               "use --force to replace it, or give another --out")

    def read_results(self) -> dict[str, Any]:
        """The contents of results.json."""
        return read_json(self.path / "results.json")

    def write_results(self, results: dict[str, Any]) -> None:
        """Write results.json."""
        write_text(self.path / "results.json", json.dumps(results, indent=1, allow_nan=False)
                   + "\n")

    def read_state(self, name: str) -> dict[str, Any] | None:
        """The contents of a JSON file of the state, if there is one."""
        path = self.state / name
        return read_json(path) if path.exists() else None

    def close(self) -> None:
        """Release the lock."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None
