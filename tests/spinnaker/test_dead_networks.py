"""Cells on emulated cores that should learn and are dead: the warnings of the host backend."""

from collections.abc import Iterator

import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

from pynn_eprop.emulator import Board
from tests.backends.dead_networks import CASES, EXPECTED, warnings_of


@pytest.fixture(scope="module", autouse=True)
def board() -> Iterator[None]:
    with Board(chips=4, real_time=False):
        yield


@pytest.mark.parametrize(("name", "setup"), [
    ("silent and inhibited", {"neurons_per_core": 2}),
    ("silent from the third update on", {}),
    ("leaping over the pseudo-derivative", {"neurons_per_core": 2}),
    ("only the readout learns", {}),
    ("started again", {}),
])
def test_cores_report_what_the_host_engine_does(name: str, setup: dict[str, int]) -> None:
    import pynn_eprop.spinnaker as sim
    texts, moved = warnings_of(sim, CASES[name], quiet=True, **setup)
    assert texts == EXPECTED[name]
    if name == "silent and inhibited":
        assert moved == 0.0
