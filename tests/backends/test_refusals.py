"""A refused call changes nothing, on every backend: neither what can be asked nor what runs.

Each call is made before the first run, between two runs and within an interval. The witness is the
same script without them; on the cores of the emulated board it is the host's fixed point, which
has their bits.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

import pytest

from pynn_eprop.emulator import Board
from tests.backends import refusals

MODULES = {"fixed": "host", "reference": "host"}


def play(backend, refuse):
    return refusals.run(import_module(f"pynn_eprop.{MODULES.get(backend, backend)}"), backend,
                        refuse)


@contextmanager
def board_for(backend) -> Iterator[None]:
    if backend != "spinnaker":
        yield
        return
    with Board(chips=4, real_time=False):
        yield


@pytest.mark.parametrize("backend", [
    "host", "fixed", "reference", "jax", "brian2", "nest", "spinnaker"])
def test_a_refused_call_changes_nothing(backend, nest_process):
    if backend == "nest":
        plain, *_ = nest_process.submit(play, backend, False).result(timeout=300)
        found, wrong, calls = nest_process.submit(play, backend, True).result(timeout=300)
    else:
        with board_for(backend):
            plain, *_ = play("fixed" if backend == "spinnaker" else backend, False)
            found, wrong, calls = play(backend, True)
    assert wrong == []
    assert calls > 500
    assert refusals.differences(plain, found) == []
    assert sum(map(len, found["segment000.cells.spikes"])) > 5
