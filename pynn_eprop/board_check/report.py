"""The report of a check: lines of text, JSON, and what failures left, fit to be sent."""

import getpass
import json
import math
import os
import pwd
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pynn_eprop.board_check.check import Check, Result, Row
from pynn_eprop.board_check.counters import Verdict
from pynn_eprop.board_check.recorded import Difference

TEXT, DATA, FAILURES = "report.txt", "report.json", "failures"
"""Files and the folder in the folder of a report."""
FORMAT = 1
"""Number of the format of the JSON file."""
WORDS = {Verdict.OK: "ok", Verdict.ATTENTION: "attention", Verdict.WRONG: "WRONG"}
_EMULATED = ("times below are instructions of an emulated board, or cycles of a model: those of a "
             "chip are not known")
_NAME, _COUNTER, _VALUE = 22, 50, 16       # widths of columns
_KINDS = 68


def fact_lines(check: Check) -> list[str]:
    """What is known of the machine."""
    width = max(map(len, check.facts), default=0)
    return [f"{name:{width}}  {value}" for name, value in check.facts.items()]


def heading() -> list[str]:
    """The head of the table of networks."""
    return [f"{'network':{_NAME}} {'cores':>5} {'chips':>5} {'spikes':>7} {'values':>8} "
            f"{'s':>5}  result"]


def row_lines(row: Row) -> list[str]:
    """A row of that table; one that is not equal says in further lines what it is of."""
    first, *more = row.text.splitlines()
    lines = [f"{row.case.name:{_NAME}} {row.cores:>5} {row.chips:>5} {row.spikes:>7,} "
             f"{row.values:>8,} {row.seconds:>5.1f}  {first}"]
    lines += [f"    {line}" for line in more]
    if more or row.differs:
        lines.append(f"    it has: {row.case.kinds}")
    if row.differs:
        lines.append(f"    differ: {', '.join(row.differs)}")
    return lines + [f"    warning: {line}" for text in row.warnings for line in [_one_line(text)]]


def _one_line(text: str) -> str:
    return " ".join(text.split())


def counter_lines(check: Check) -> list[str]:
    """The table of counters."""
    if not check.readings:
        return ["no network ran to its end, and nothing was counted"]
    lines = [_EMULATED] if check.emulated else []
    lines.append(f"{'counter':{_COUNTER}} {'value':>{_VALUE}}  verdict    limits")
    for each in check.readings:
        lines.append(f"{each.counter.name:{_COUNTER}} {each.text:>{_VALUE}}  "
                     f"{WORDS[each.verdict]:10} {each.counter.limits}".rstrip())
        if each.verdict is not Verdict.OK:
            lines.append(f"    most of it: {each.where}")
            lines += [f"    {each.counter.advice}"] if each.counter.advice else []
    return lines


def verdict_lines(check: Check) -> list[str]:
    """The end of the report."""
    run = [row for row in check.rows if row.result is not Result.NOT_RUN]
    equal = sum(row.result is Result.EQUAL for row in run)
    lines = [f"{equal} of {len(run)} networks equal those of the host, bit for bit"]
    left_out = [row.case.name for row in check.rows if row.result is Result.NOT_RUN]
    lines += [f"not possible here: {', '.join(left_out)}"] if left_out else []
    lines += [] if check.finished else [
        f"the check is not complete: {check.planned - len(check.rows)} networks were not begun"]
    lines += [f"WRONG: {_one_line(text)}" for text in check.wrong]
    return [*lines, f"board check: {WORDS[check.verdict]}"]


def text(check: Check) -> str:
    """The whole report for a reader."""
    rows = [line for row in check.rows for line in row_lines(row)]
    kinds = [f"{row.case.name:{_NAME}} {row.case.kinds}" for row in check.rows]
    parts = [[f"pynn-eprop board-check --backend {check.backend}"], fact_lines(check),
             heading() + rows, counter_lines(check), verdict_lines(check),
             ["What the networks have:", *kinds]]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def data(check: Check) -> dict[str, Any]:
    """The whole report for a program; counters of each core and router are in it."""
    return {
        "format": FORMAT, "backend": check.backend, "verdict": check.verdict.name.lower(),
        "finished": check.finished, "wrong": check.wrong, "facts": check.facts,
        "networks": [_row(row) for row in check.rows],
        "counters": [{"name": each.counter.name, "value": each.value, "unit": each.counter.unit,
                      "where": each.where, "verdict": each.verdict.name.lower(),
                      "attention_from": each.counter.attention, "wrong_from": each.counter.wrong}
                     for each in check.readings],
        "cores": [asdict(core) for core in check.counts.cores],
        "routers": [asdict(router) for router in check.counts.routers],
        "clocks": check.counts.clocks}


def _row(row: Row) -> dict[str, Any]:
    return {"name": row.case.name, "kinds": row.case.kinds, "result": row.result.name.lower(),
            "cores": row.cores, "chips": row.chips, "spikes": row.spikes, "values": row.values,
            "seconds": round(row.seconds, 3), "differs": list(row.differs),
            "first": _difference(row.first), "message": row.message,
            "warnings": list(row.warnings),
            "failure": None if row.failure_folder is None
            else f"{FAILURES}/{row.failure_folder.name}"}


def _difference(first: Difference | None) -> dict[str, Any] | None:
    if first is None:
        return None
    return {**asdict(first), "time": first.time if math.isfinite(first.time) else None}


def write(check: Check, out: Path) -> None:
    """Write the report into a folder, without names of users and their folders.

    Raises OSError with the name of a file that cannot be written.
    """
    words = _Anonymous(out)
    _write(out / TEXT, words(text(check)))
    _write(out / DATA, words(json.dumps(data(check), indent=1, allow_nan=False)) + "\n")
    for path in (out / FAILURES).glob("*/*"):
        if path.is_file():
            before = path.read_text(encoding="utf-8", errors="replace")
            if (after := words(before)) != before:
                _write(path, after)


def _write(path: Path, content: str) -> None:
    try:
        path.write_text(content, encoding="utf-8")
    except OSError as error:        # one of a full disk names no file
        raise OSError(error.errno, error.strerror, str(path)) from error


_LOGIN = re.compile(r"(?<=://)[^/\s@]+@")


class _Anonymous:
    """Takes folders of this computer, logins in addresses, and the user's name out of texts."""

    def __init__(self, out: Path) -> None:
        # an emulated board has a HOME of its own
        named = [(str(out.absolute()), "."), (str(out), "."), (str(Path.cwd()), "CURRENT"),
                 (os.path.expanduser("~"), "HOME"), (pwd.getpwuid(os.getuid()).pw_dir, "HOME")]
        self._folders = [(name, word) for name, word in named if len(name) > 1]
        try:
            user = getpass.getuser()
        except (OSError, KeyError):
            user = ""
        # a short name may be a part of other words, and "root" is nobody's
        self._user = re.compile(rf"(?<![\w.-]){re.escape(user)}(?![\w-])") \
            if len(user) > 2 and user != "root" else None

    def __call__(self, text: str) -> str:
        for name, word in self._folders:
            text = re.sub(rf"{re.escape(name)}(?![\w.-])", word, text)
        text = _LOGIN.sub("", text)
        return self._user.sub("USER", text) if self._user else text
