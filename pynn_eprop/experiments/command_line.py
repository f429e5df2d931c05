"""The command line that makes a result again, to be pasted into a shell."""

import shlex
from collections.abc import Iterable, Mapping
from typing import Any

from pynn_eprop.experiments.literals import value_text

DATA = "data"
"""The parameter of a task that names a folder or file of the user's; `run` has it as an option."""


def command_line(words: Iterable[str], options: Mapping[str, Any],
                 parameters: Iterable[tuple[str, Any]], plugins: Iterable[str], out: str,
                 setup: Iterable[tuple[str, Any]] = (),
                 conditions: Iterable[tuple[str, Any]] = ()) -> str:
    """The line of ``pynn-eprop`` with these words and options, quoted if need be.

    options: by name; None and False stand for one that is not given, True for one without a value.
    setup: keywords of the backend's ``setup()``. conditions: of a board in software.
    """
    line = ["pynn-eprop", *words]
    for name, value in options.items():
        if value is not None and value is not False:
            line += [f"--{name}"] if value is True else [f"--{name}", str(value)]
    for plugin in plugins:
        line += ["--plugin", plugin]
    for name, value in parameters:
        line += ["--set", f"{name}={value_text(value)}"]
    for name, value in setup:
        line += ["--setup", f"{name}={value_text(value)}"]
    for name, value in conditions:
        line += ["--condition", f"{name}={value_text(value)}"]
    return shlex.join([*line, "--out", out])
