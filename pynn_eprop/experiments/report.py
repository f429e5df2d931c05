"""The HTML report of a run: one file, figure included."""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from pynn_eprop.experiments.html_page import html_page, html_table, value_text
from pynn_eprop.experiments.results import arithmetic, through_time
from pynn_eprop.tasks.quantities import parameter_table
from pynn_eprop.tasks.task import Task

_BODY = Template("""<h2>Result</h2>
$result
$warnings
<h2>Parameters</h2>
$parameters
<h2>Reproduce</h2>
<p>The same command gives the same result with these versions, whatever the number of threads.</p>
<pre>$command</pre>
$versions
<p>${reference}In this folder:
<code>results.json</code>, <code>learning_curve.csv</code>, <code>weights.npz</code> (one entry per
projection), <code>recording.nix</code> (the trial after training, readable with Neo).</p>""")


def write_report(path: Path, task: Task, results: Mapping[str, Any], figure: Path) -> None:
    """Write the report to ``path``; ``figure`` is a PNG file."""
    body = _BODY.substitute(
        result=html_table(("quantity", "value"), _result_rows(task, results)),
        warnings=_warnings(results["warnings"]),
        parameters=html_table(
            ("parameter", "value", "unit", "meaning"),
            [(row.name, value_text(row.value), row.unit, row.meaning)
             for row in parameter_table(task)]),
        reference=escape(f"Task and parameters: {task.reference}. " if task.reference else ""),
        command=escape(results["command"]),
        versions=html_table(("software", "version"), list(results["versions"].items())))
    path.write_text(html_page(
        task.title, _lead(task, results), f"Activity and learning curve of {task.title}", figure,
        body), encoding="utf-8")


def _lead(task: Task, results: Mapping[str, Any]) -> str:
    method = " with backpropagation through time" if through_time(results) else ""
    text = (f"{task.n_neurons} cells, {results['updates']} updates{method} on backend "
            f"{results['backend']} ({arithmetic(results)}), seed {results['seed']}. ")
    text += task.lead(results)
    return f"{text} The paper: {task.paper_result}." if task.paper_result else text


def _result_rows(task: Task, results: Mapping[str, Any]) -> list[tuple[str, str]]:
    rows = task.report_rows(results)
    rows += [("gradient", "backpropagation through time")] if through_time(results) else [
        ("feedback weights", results["feedback"]), ("rule", results["rule"])]
    rows += [
        ("recurrent connections", "yes" if results["recurrent"] else "no"),
        ("time in training", f"{results['seconds_training']:.2f} s "
         f"({1000 * results['seconds_training'] / results['updates']:.2f} ms per update)"),
        ("threads", str(results["threads"])),
    ]
    return rows


def _warnings(texts: Sequence[str]) -> str:
    """The section of warnings; empty if there were none."""
    entries = "\n".join(f"<li>{escape(text)}</li>" for text in texts)
    return f"<h2>Warnings of the training</h2>\n<ul>\n{entries}\n</ul>" if texts else ""
