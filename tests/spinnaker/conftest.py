"""The emulated board that scripts of this backend run on."""

from collections.abc import Iterator

import pytest

from pynn_eprop.emulator import Board


@pytest.fixture
def board() -> Iterator[Board]:
    """A board that sPyNNaker finds, faster than a real one."""
    with Board(chips=4, real_time=False) as made:
        yield made
