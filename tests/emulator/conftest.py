"""Machines without a network."""

from collections.abc import Iterator

import pytest

pytest.importorskip("unicorn", reason="the emulated board is compared with the package unicorn")

from pynn_eprop.emulator.emulated_machine import ENGINES, EmulatedMachine, Options
from pynn_eprop.emulator.geometry import geometry
from tests.emulator.running import MakeMachine

ADDRESS = "127.0.3.1"


@pytest.fixture(params=ENGINES)
def make_machine(request: pytest.FixtureRequest) -> Iterator[MakeMachine]:
    """Makes machines that are closed after the test; each test runs on both engines."""
    made = []

    def make(chips: int = 1, boards: int = 1, **options: object) -> EmulatedMachine:
        shape = geometry(chips, boards)
        machine = EmulatedMachine(shape, dict.fromkeys(shape.ethernet_chips, ADDRESS),
                          Options(engine=request.param,
                                  **options))  # type: ignore[arg-type]
        made.append(machine)
        return machine

    yield make
    for machine in made:
        machine.close()


@pytest.fixture
def machine(make_machine: MakeMachine) -> EmulatedMachine:
    """A machine of one chip."""
    return make_machine()
