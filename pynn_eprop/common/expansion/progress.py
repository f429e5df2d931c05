"""A bar on a terminal while the synapses of a large projection are made."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from tqdm import tqdm

_SHOWN_AFTER = 2.0      # seconds
_hidden = ContextVar("_hidden", default=False)


@contextmanager
def hidden(wanted: bool = True) -> Iterator[None]:
    """A context in which no bar is shown, if ``wanted``."""
    before = _hidden.set(wanted)
    try:
        yield
    finally:
        _hidden.reset(before)


@contextmanager
def shown(label: str) -> Iterator[Callable[[float], None]]:
    """A function that is given the share that is done; a bar shows it if it takes long.

    On standard error, and only if that is a terminal.
    """
    with tqdm(desc=label, total=1.0, file=sys.stderr, disable=True if _hidden.get() else None,
              delay=_SHOWN_AFTER, leave=False, dynamic_ncols=True,
              bar_format="{desc}: {percentage:3.0f}%|{bar}| {elapsed}") as bar:
        yield lambda share: bar.update(share - bar.n) and None
