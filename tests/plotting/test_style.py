"""Axes have plain numbers, and as many as can be read."""

import pytest

from pynn_eprop.plotting.style import log_scale, new_figure


@pytest.mark.parametrize(("low", "high", "some"), [
    (1.38, 1.57, "1.5"), (0.01, 1.5, "0.1"), (1e-4, 1e-2, "0.001"), (0.6, 60.0, "10")])
def test_logarithmic_axes_have_plain_numbers(low, high, some):
    figure = new_figure(8.0, 3.0)
    axes = figure.subplots()
    log_scale(axes)
    axes.plot([1, 2], [low, high])
    figure.canvas.draw()
    labels = [label.get_text() for label in axes.get_yticklabels(which="both")]
    assert some in labels and not any("$" in label for label in labels)
    assert 3 <= sum(map(bool, labels)) <= 40
