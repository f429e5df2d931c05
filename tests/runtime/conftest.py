"""Cores with the test application, on the own runtime."""

from collections.abc import Callable, Iterator

import pytest

from pynn_eprop.emulator import Board
from tests.runtime.builds import build
from tests.runtime.exerciser import Rig, Settings

MakeRig = Callable[..., Rig]


@pytest.fixture
def make_rig() -> Iterator[MakeRig]:
    """Makes cores, of a rig's options and settings, that are closed after the test."""
    made: list[Rig] = []

    def make(rig: dict[str, object] | None = None, **settings: object) -> Rig:
        made.append(Rig(build() / "exerciser.aplx", Settings(**settings),  # type: ignore[arg-type]
                        **(rig or {})))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for rig in made:
        rig.close()


@pytest.fixture
def board() -> Iterator[Board]:
    """A board that sPyNNaker finds, faster than a real one."""
    with Board(chips=4, real_time=False) as made:
        yield made


@pytest.fixture
def rig(make_rig: MakeRig) -> Rig:
    """A core with the application's usual settings."""
    return make_rig()
