"""Turns in which cores send: how long they wait, and that no two have the same turn."""

from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pynn_eprop.spinnaker.placement.turns import CYCLES_PER_US, TURN_CYCLES, turns


@dataclass(eq=False)
class SomeCore:
    size: int


def cores(*sizes: int) -> list[Any]:
    return [SomeCore(size) for size in sizes]


def test_without_cores_that_send_there_are_no_turns() -> None:
    assert turns([], 1000) == []


def test_each_core_has_its_turn() -> None:
    assert turns(cores(12, 12, 12), 1000) == [
        (3 * TURN_CYCLES, 0), (3 * TURN_CYCLES, TURN_CYCLES), (3 * TURN_CYCLES, 2 * TURN_CYCLES)]


def test_large_cores_send_all_within_half_a_step() -> None:
    cycles, turn = turns(cores(*[128] * 50), 1000)[25]
    assert cycles == 100_000 // 128
    assert turn == 25 * cycles // 50


@given(st.lists(st.integers(1, 128), min_size=1, max_size=60), st.sampled_from([100, 1000, 5000]))
def test_turns_are_in_order_within_a_round(sizes: list[int], timestep_us: int) -> None:
    found = turns(cores(*sizes), timestep_us)
    cycles, places = found[0][0], [turn for _, turn in found]
    assert {each for each, _ in found} == {cycles}
    assert places == sorted(set(places)) and 0 <= places[0] and places[-1] < cycles
    assert cycles * max(sizes) <= timestep_us * CYCLES_PER_US / 2
