"""Fixtures of a chip in the loop."""

import pytest

from tests.in_the_loop import fake_brainscales as fake


@pytest.fixture(autouse=True)
def chip(monkeypatch):
    """A chip of its own for each test, and no experiment left behind."""
    monkeypatch.setattr(fake, "chip", fake.Chip())
    monkeypatch.setattr(fake.simulator, "state", None)
    return fake.chip
