"""Waiting for cores by the machine's clock, on a transceiver that only has a clock and counts."""

from typing import Any

import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

from spinnman.model.enums import CPUState
from spinnman.transceiver.base_transceiver import BaseTransceiver

from pynn_eprop.spinnaker.board import waiting


class Machine:
    """Each look at the clock moves it by ``speed`` ms; cores are ready at ``ready`` ms."""

    def __init__(self, speed: float, ready: float = float("inf")) -> None:
        self.speed, self.ready, self.clock = speed, ready, 1000.0

    def _get_sv_data(self, x: int, y: int, item: Any) -> float:
        self.clock += self.speed
        return self.clock

    def get_core_state_count(self, _application: int, state: CPUState) -> int:
        return 3 if state is CPUState.READY and self.clock >= self.ready else 0


class StillWaitingError(Exception):
    pass


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A host's clock that only moves in sleep(); sPyNNaker's own wait raises."""
    def original(*arguments: Any, timeout: float, **more: Any) -> None:
        assert timeout == 0.0
        raise StillWaitingError

    now = [0.0]
    monkeypatch.setattr(BaseTransceiver, "wait_for_cores_to_be_in_state", original)
    monkeypatch.setattr(waiting.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(waiting.time, "sleep", lambda more: now.__setitem__(0, now[0] + more))
    return now


def wait(machine: Machine, timeout: float | None = None) -> None:
    with waiting.limited(100.0):
        BaseTransceiver.wait_for_cores_to_be_in_state(
            machine, range(3), 17, CPUState.READY, timeout=timeout)  # type: ignore[arg-type]


def test_a_slow_machine_is_waited_for(seconds):
    wait(Machine(speed=0.5, ready=1200.0))
    assert seconds[0] == pytest.approx(0.1 * 400, rel=0.01)


def test_no_longer_than_twice_the_run_and_five_seconds_of_the_machine(seconds):
    machine = Machine(speed=10.0)
    with pytest.raises(StillWaitingError):
        wait(machine)
    assert machine.clock == pytest.approx(1000.0 + 2 * 100.0 + 5000.0, abs=20.0)


def test_a_clock_that_stands_still_ends_it_after_five_seconds(seconds):
    with pytest.raises(StillWaitingError):
        wait(Machine(speed=0.0))
    assert seconds[0] == pytest.approx(5.0, abs=0.2)


def test_the_limit_of_spynnaker_itself_stays(seconds):
    with pytest.raises(StillWaitingError):
        wait(Machine(speed=1.0), timeout=2.0)
    assert seconds[0] == pytest.approx(2.0, abs=0.2)
