"""Figures, drawn without a display, from plain arrays."""

from pynn_eprop.plotting.style import save_figure, styled

__all__ = ["save_figure", "styled"]
