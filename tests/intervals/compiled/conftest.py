"""The compiled machine starts as many threads as a test gives, however little there is to do."""

import pytest

from pynn_eprop.intervals.compiled import settings


@pytest.fixture(autouse=True)
def all_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "MULTIPLICATIONS", 0.0)
