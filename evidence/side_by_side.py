"""Runs of ``pynn-eprop`` in processes of their own, several at a time, which can be interrupted."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from pynn_eprop.errors import ResultsError
from pynn_eprop.sweeps import Ended, Run
from pynn_eprop.sweeps import run_all as sweep_all


class Plan(Protocol):
    """What has a command line."""

    def command(self, out: str) -> str:
        """The line with a results folder."""


def run_all(plans: Sequence[tuple[Plan, Path]], at_once: int, *more: str) -> list[dict[str, Any]]:
    """Run all that are not finished, ``at_once`` at a time; their results, in order.

    more: further options of each. Raises :class:`ExperimentInterrupted` after SIGINT or SIGTERM,
    which every process has got once, and :class:`ResultsError` if one fails, after the others.
    """
    runs = [Run(plan.command("DIR"), out) for plan, out in plans]
    failed: list[tuple[Run, Ended]] = []

    def progress(run: Run, ended: Ended) -> None:
        if ended.text:      # an interrupted run has none
            print(ended.text, file=sys.stderr, flush=True)
        if ended.status:        # a signal to all of them is raised
            failed.append((run, ended))

    sweep_all(runs, at_once, more=more, progress=progress)
    for run, ended in failed:
        raise ResultsError(f"{run.folder}: the run ended with status {ended.status}")
    return [results for run in runs if (results := run.results()) is not None]
