"""The runner's end of a peer's process."""

import json
import subprocess
from dataclasses import dataclass
from typing import Any

from benchmarks.worker import MARK


@dataclass(frozen=True)
class Contender:
    """A row of a table: a peer, one of its variants, and the device that it runs on."""

    peer: str
    variant: str = ""
    device: str = "cpu"

    def __str__(self) -> str:
        """Its name for messages."""
        return " ".join(word for word in (self.peer, self.variant, self.device)
                        if word and word != "cpu")


class Peer:
    """A started peer. ``missing`` says why it cannot be measured, or is None."""

    def __init__(self, interpreter: str, module: str, contender: Contender, workload: str,
                 cells: int | None, threads: int, rounds: int) -> None:
        command = [interpreter, "-m", module, workload, "--variant", contender.variant,
                   "--device", contender.device, "--threads", str(threads),
                   "--rounds", str(rounds)]
        if cells is not None:
            command += ["--cells", str(cells)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.about = self._answer()
        self.missing: str | None = self.about.get("missing")
        self.rounds: list[dict[str, Any]] = []
        if self.missing:
            self._close()

    def round(self) -> dict[str, Any]:
        """Request one round, and wait for it."""
        self.rounds.append(self._ask("round"))
        return self.rounds[-1]

    def finish(self) -> dict[str, Any]:
        """Its results, without the first round; the process ends."""
        last = self._ask("finish")
        self._close()
        counted = self.rounds[1:]
        results = {**self.about, **counted[-1], **last}
        results.pop("ready")
        for times in ("seconds", "cpu_seconds"):
            results[times] = [answer[times] for answer in counted]
        return results

    def _ask(self, line: str) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self._answer()
        if "missing" in answer:
            raise RuntimeError(f"{self.about['peer']}: {answer['missing']}")
        return answer

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith(MARK):
                return json.loads(line.removeprefix(MARK))
        status = self.process.wait()
        return {"missing": f"its process ended with status {status}"}

    def _close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()
