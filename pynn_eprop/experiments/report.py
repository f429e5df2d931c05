"""The HTML report of a run: one file, figure included."""

import base64
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from pynn_eprop.experiments.results import arithmetic, through_time
from pynn_eprop.tasks.quantities import parameter_table
from pynn_eprop.tasks.task import Task

_PAGE = Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; color: #222; max-width: 64rem; margin: 2rem auto;
       padding: 0 1rem; }
h1 { font-size: 1.7rem; margin-bottom: 0.2rem; }
h2 { font-size: 1.2rem; margin-top: 2rem; }
.lead { font-size: 1.1rem; color: #444; }
figure { margin: 1.5rem 0; }
img { width: 100%; height: auto; border: 1px solid #ddd; }
table { border-collapse: collapse; width: 100%; font-size: 0.92rem; }
th, td { text-align: left; padding: 0.3rem 0.7rem; border-bottom: 1px solid #e5e5e5;
         vertical-align: top; }
th { border-bottom: 2px solid #bbb; }
td.number { font-variant-numeric: tabular-nums; white-space: nowrap; }
pre { background: #f5f5f5; padding: 0.8rem; overflow-x: auto; }
</style>
</head>
<body>
<h1>$title</h1>
<p class="lead">$lead</p>
<figure><img alt="$alt" src="data:image/png;base64,$figure"></figure>
<h2>Result</h2>
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
projection), <code>recording.nix</code> (the trial after training, readable with Neo).</p>
</body>
</html>
""")


def write_report(path: Path, task: Task, results: Mapping[str, Any], figure: Path) -> None:
    """Write the report to ``path``; ``figure`` is a PNG file."""
    path.write_text(_PAGE.substitute(
        title=escape(task.title),
        lead=escape(_lead(task, results)),
        alt=escape(f"Activity and learning curve of {task.title}"),
        figure=base64.b64encode(figure.read_bytes()).decode("ascii"),
        result=_table(("quantity", "value"), _result_rows(task, results)),
        warnings=_warnings(results["warnings"]),
        parameters=_table(
            ("parameter", "value", "unit", "meaning"),
            [(row.name, _number(row.value), row.unit, row.meaning)
             for row in parameter_table(task)]),
        reference=escape(f"Task and parameters: {task.reference}. " if task.reference else ""),
        command=escape(results["command"]),
        versions=_table(("software", "version"), list(results["versions"].items())),
    ), encoding="utf-8")


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


def _number(value: Any) -> str:
    if isinstance(value, (tuple, list)):
        return ", ".join(_number(entry) for entry in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in header)
    body = "\n".join(
        "<tr>" + "".join(_cell(text, column) for column, text in enumerate(row)) + "</tr>"
        for row in rows)
    return f"<table>\n<tr>{head}</tr>\n{body}\n</table>"


def _cell(text: str, column: int) -> str:
    return f'<td class="number">{escape(text)}</td>' if column == 1 else f"<td>{escape(text)}</td>"
