"""Warnings during a run, kept for its results."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def keep_warnings(kept: list[str]) -> Iterator[None]:
    """Add the text of each UserWarning that is shown meanwhile to ``kept``, each text once.

    Those of the package are of that category, or one derived from it. All are shown as before.
    """
    with warnings.catch_warnings():
        show = warnings.showwarning

        def show_and_keep(message: Warning | str, category: type[Warning], *where: Any,
                          **more: Any) -> None:
            if issubclass(category, UserWarning) and str(message) not in kept:
                kept.append(str(message))
            show(message, category, *where, **more)

        warnings.showwarning = show_and_keep
        yield
