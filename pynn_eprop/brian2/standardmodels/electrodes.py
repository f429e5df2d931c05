"""The current source that this backend replaces in PyNN's Brian2 backend."""
# ruff: noqa: D101 (docstrings come from PyNN)

from pyNN.brian2.standardmodels import electrodes as parent


class StepCurrentSource(parent.StepCurrentSource):
    __doc__ = parent.StepCurrentSource.__doc__

    def _update_current(self) -> None:
        """Change the current, if it is time; without steps there is none."""
        if len(self._times):
            super()._update_current()
