"""Packets between hosts and boards that are lost, doubled and late.

Shares are those of the binomial distribution, within five standard deviations.
"""

import math

import pytest

from pynn_eprop.emulator import Board
from pynn_eprop.emulator.bad_network import BadNetwork, Direction
from pynn_eprop.emulator.conditions import Conditions
from tests.emulator.hostile import Host
from tests.emulator.test_commands import VERSION

PACKETS = 10_000


@pytest.mark.parametrize("lost, doubled, late", [
    (0.1, 0.0, 0.0), (0.0, 0.2, 0.0), (0.0, 0.0, 0.3), (0.05, 0.1, 0.2)])
def test_shares_are_as_asked(lost: float, doubled: float, late: float) -> None:
    direction = Direction(lost, doubled, late, late_ms=20.0, seed="1")
    delays = [direction.delays() for _ in range(PACKETS)]
    copies = [delay for each in delays for delay in each]

    def near(found: int, of: int, share: float) -> bool:
        return abs(found - of * share) <= 5 * math.sqrt(of * share * (1 - share))

    there = [each for each in delays if each]
    assert near(PACKETS - len(there), PACKETS, lost)
    assert near(sum(len(each) == 2 for each in there), len(there), doubled)
    assert near(sum(delay > 0 for delay in copies), len(copies), late)
    assert all(0.0 <= delay <= 0.02 for delay in copies)
    assert direction.lost == PACKETS - len(there)
    assert direction.doubled == len(copies) - len(there)
    assert direction.late == sum(delay > 0 for delay in copies)


def test_draws_depend_on_seed_and_direction_only() -> None:
    def draw(seed: int, **more: float) -> list[list[list[float]]]:
        network = BadNetwork(Conditions(lost_to_board=0.3, lost_to_host=0.3, network_seed=seed,
                                        **more))
        return [[way.delays() for _ in range(50)] for way in (network.to_board, network.to_host)]

    assert draw(1) == draw(1) != draw(2)
    assert draw(1)[0] != draw(1)[1]
    # another share does not change which packets are lost
    assert [bool(each) for each in draw(1, doubled_to_board=0.5)[0]] == [
        bool(each) for each in draw(1)[0]]


def test_late_packets_are_overtaken() -> None:
    network = BadNetwork(Conditions(late_to_board=0.5, late_ms=1.0))
    arrived: list[int] = []
    for number in range(20):
        network.carry(network.to_board, lambda number=number: arrived.append(number))
    while (wait := network.wait(None)) is not None:
        assert 0.0 <= wait <= 0.001
        network.deliver_late()
    assert sorted(arrived) == list(range(20))
    assert arrived != sorted(arrived)
    assert network.wait(3.0) == 3.0


@pytest.mark.parametrize("way", ["to_board", "to_host"])
def test_each_direction_of_a_board(way: str) -> None:
    board = Board(chips=1, conditions=Conditions(**{f"doubled_{way}": 1.0}))
    board.start()
    try:
        host = Host(board)
        # the second answer is that of the copy
        assert host.command(VERSION)[1][12:27] == host.socket.recv(300)[2 + 8 + 4 + 12:][:15]
        assert board.server.packets_in == 1
    finally:
        board.close()
