"""Cases whose results are kept as they come, so that an interrupted run goes on with the next."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pynn_eprop.emulator.conditions import Conditions
from pynn_eprop.experiments.folder import write_text

Results = dict[str, dict[str, Any]]


def verdict(silent: Sequence[str]) -> str:
    """The page's sentence on the cases that are wrong without a word."""
    return "**No row is wrong without a word.**" if not silent else \
        f"**Wrong without a word: {'; '.join(silent)}.**"


def run_missing(cases: Mapping[str, Mapping[str, Any]], run: Callable[[Conditions], dict[str, Any]],
                kept: Path, page: Path, text: Callable[[Results], str]) -> None:
    """Run the cases, conditions by name, that are not in ``kept``; write that and ``page``.

    text: the page of the results so far.
    """
    results: Results = json.loads(kept.read_text()) if kept.exists() else {}
    for name, conditions in cases.items():
        if name not in results:
            print(name, flush=True)
            results[name] = run(Conditions(**conditions))
            write_text(kept, json.dumps(results, indent=1))
    write_text(page, text(results))
