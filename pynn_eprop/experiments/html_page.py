"""The look of HTML reports: one file, figure included."""

import base64
from collections.abc import Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any

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
$body
</body>
</html>
""")


def html_page(title: str, lead: str, alt: str, figure: Path, body: str) -> str:
    """A page with a heading, a sentence or two, a figure (a PNG file) and HTML below."""
    return _PAGE.substitute(
        title=escape(title), lead=escape(lead), alt=escape(alt),
        figure=base64.b64encode(figure.read_bytes()).decode("ascii"), body=body)


def html_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; its second column has numbers."""
    head = "".join(f"<th>{escape(name)}</th>" for name in header)
    body = "\n".join(
        "<tr>" + "".join(_cell(text, column) for column, text in enumerate(row)) + "</tr>"
        for row in rows)
    return f"<table>\n<tr>{head}</tr>\n{body}\n</table>"


def value_text(value: Any) -> str:
    """A parameter's value as tables have it."""
    if isinstance(value, (tuple, list)):
        return ", ".join(value_text(entry) for entry in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _cell(text: str, column: int) -> str:
    return f'<td class="number">{escape(text)}</td>' if column == 1 else f"<td>{escape(text)}</td>"
