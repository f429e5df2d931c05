"""A progress bar for commands."""

import sys

from tqdm import tqdm


class Bar:
    """A bar on standard error for each part of the work."""

    def __init__(self, unit: str) -> None:
        self._unit = unit
        self._bar: tqdm | None = None
        self._what = ""

    def show(self, what: str, done: int, total: int | None, text: str = "") -> None:
        """Move the bar; another part of the work begins another.

        total: None if nobody knows. text: what stands behind the bar; the one before if empty.
        """
        if what != self._what:
            self.close()
            self._what = what
            self._bar = tqdm(total=total, initial=done, desc=what, unit=self._unit,
                             dynamic_ncols=True, file=sys.stderr)
        assert self._bar is not None
        if text:
            self._bar.set_postfix_str(text, refresh=False)
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        """End the line of the bar."""
        if self._bar is not None and not self._bar.disable:
            self._bar.refresh()
            self._bar.close()
        self._bar = None
