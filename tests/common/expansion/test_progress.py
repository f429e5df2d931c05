"""The bar of large projections: on a terminal only, and only after a while."""

import io
import sys

import pytest
from pyNN import connectors as pynn

from pynn_eprop.common.expansion import progress, sparse_draws
from pynn_eprop.common.expansion.progress import hidden, shown
from tests.common.expansion.test_connectivity import expanded


class Terminal(io.StringIO):
    def isatty(self):
        return True


def written(monkeypatch, stream, delay=0.0, wanted=False):
    monkeypatch.setattr(progress, "_SHOWN_AFTER", delay)
    monkeypatch.setattr(sys, "stderr", stream)
    with hidden(wanted), shown("recurrent") as show:
        for share in (0.25, 0.5, 1.0):
            show(share)
    return stream.getvalue()


def test_a_terminal_shows_label_and_share(monkeypatch):
    text = written(monkeypatch, Terminal())
    assert "recurrent:" in text and "%|" in text


@pytest.mark.parametrize(("stream", "delay", "wanted"), [
    (io.StringIO, 0.0, False), (Terminal, 60.0, False), (Terminal, 0.0, True)])
def test_files_short_builds_and_quiet_runs_show_nothing(monkeypatch, stream, delay, wanted):
    assert written(monkeypatch, stream(), delay, wanted).strip() == ""


def test_a_connectors_callback_is_given_the_share(monkeypatch):
    monkeypatch.setattr(sparse_draws, "MANY_PAIRS", 0)
    monkeypatch.setattr(sparse_draws, "BLOCK", 20)
    shares = []
    expanded(pynn.FixedNumberPreConnector(5, callback=shares.append), 20, 16)
    assert shares == [0.125, 0.25, 0.375, 0.5, 1.0]     # drawn in four blocks, then sorted
