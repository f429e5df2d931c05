"""The HTML report of the training of a sequence task."""

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from pynn_eprop.experiments.html_page import html_page, html_table, value_text
from pynn_eprop.intervals.rules import find_interval_rule
from pynn_eprop.sequence_tasks import SequenceTask
from pynn_eprop.tasks.quantities import parameter_table

_SHOWN = {"best": "the best before", "first": "the network before learning"}
_SPEED = " It ended after a time of work, so that a faster computer gets further."


def write_report(path: Path, task: SequenceTask, results: Mapping[str, Any], figure: Path) -> None:
    """Write the report to ``path``; ``figure`` is a PNG file."""
    said = task.result_text(results)
    lead = (f"{task.n_units} LSTM units, {results['updates']:,} updates with rule "
            f"{results['rule']} on the {results['machine']} machine ({results['precision']}), "
            f"seed {results['seed']}. {said[:1].upper()}{said[1:]}."
            + (" The error was not finite at the end: the training diverged, and what is shown is "
               f"{_SHOWN[results['weights']]}." if results["diverged"] else "")
            + (f" The paper: {task.paper_result}." if task.paper_result else ""))
    parts = ["<h2>Result</h2>", html_table(("quantity", "value"), _result_rows(task, results))]
    for heading, header, rows in task.report_sections(results):
        parts += [f"<h2>{escape(heading)}</h2>", html_table(header, rows)]
    timed = _SPEED if results["ended_by"] == "minutes" else ""
    reference = f"Task and parameters: {task.reference}. " if task.reference else ""
    parts += [
        "<h2>Parameters</h2>",
        html_table(("parameter", "value", "unit", "meaning"), [
            (row.name, value_text(row.value), row.unit, row.meaning)
            for row in parameter_table(task)]),
        "<h2>Reproduce</h2>",
        "<p>The same command gives the same result with these versions, whatever the number of "
        f"threads.{timed}</p>",
        f"<pre>{escape(results['command'])}</pre>",
        html_table(("software", "version"), list(results["versions"].items())),
        f"<p>{escape(reference)}In this folder: <code>results.json</code>, "
        "<code>learning_curve.csv</code>, <code>weights.npz</code> "
        f"(the {results['weights']} weights).</p>"]
    path.write_text(html_page(task.title, lead, f"Example and learning curve of {task.title}",
                              figure, "\n".join(parts)), encoding="utf-8")


def _result_rows(task: SequenceTask, results: Mapping[str, Any]) -> list[tuple[str, str]]:
    rows = [*task.report_rows(results),
            ("rule", f"{results['rule']}: {find_interval_rule(results['rule']).meaning}"),
            ("diverged", "yes" if results["diverged"] else "no"),
            ("ended by", results["ended_by"])]
    if results.get("explained") is not None:
        rows.append(("mean square of its targets that the error module explains",
                     f"{results['explained']:.3f}"))
    return [*rows, ("time in training", f"{results['seconds']:.1f} s "
                    f"({results['updates_per_second']:.0f} updates a second)"),
            ("threads", str(results["threads"]))]
