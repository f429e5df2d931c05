"""Turns in which cores send: who waits, how long, and that no two cores have the same turn."""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynn_eprop.spinnaker.placement.turns import CYCLES_PER_US, TURN_CYCLES, round_and_turn


@dataclass(eq=False)
class SomeCore:
    size: int


def cores(*sizes: int) -> list[Any]:
    return [SomeCore(size) for size in sizes]


@pytest.mark.parametrize("which, several_chips", [(0, False), (None, True)])
def test_cores_of_one_chip_and_those_that_send_no_spikes_do_not_wait(
        which: int | None, several_chips: bool) -> None:
    sending = cores(4, 4)
    core = cores(1)[0] if which is None else sending[which]
    assert round_and_turn(core, sending, 1000, several_chips) == (0, 0)


def test_each_core_has_its_turn() -> None:
    sending = cores(12, 12, 12)
    assert [round_and_turn(core, sending, 1000, True) for core in sending] == [
        (3 * TURN_CYCLES, 0), (3 * TURN_CYCLES, TURN_CYCLES), (3 * TURN_CYCLES, 2 * TURN_CYCLES)]


def test_large_cores_send_all_within_half_a_step() -> None:
    sending = cores(*[128] * 50)
    cycles, turn = round_and_turn(sending[25], sending, 1000, True)
    assert cycles == 100_000 // 128
    assert turn == 25 * cycles // 50


@given(st.lists(st.integers(1, 128), min_size=1, max_size=60), st.sampled_from([100, 1000, 5000]))
def test_turns_are_in_order_within_a_round(sizes: list[int], timestep_us: int) -> None:
    sending = cores(*sizes)
    found = [round_and_turn(core, sending, timestep_us, True) for core in sending]
    cycles = found[0][0]
    turns = [turn for _, turn in found]
    assert {each for each, _ in found} == {cycles}
    assert turns == sorted(set(turns)) and 0 <= turns[0] and turns[-1] < cycles
    assert cycles * max(sizes) <= timestep_us * CYCLES_PER_US / 2
