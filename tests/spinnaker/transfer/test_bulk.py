"""Many places of an emulated board's memory at once, beside what its chips hold."""

import os

import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

from spinn_front_end_common.data import FecDataView
from spinnman.exceptions import SpinnmanException

import pynn_eprop.spinnaker as sim
from evidence.shared.many_cores import INTERVAL, build
from evidence.shared.round_trips import counted
from pynn_eprop.emulator import Board
from pynn_eprop.emulator.layout import SDRAM
from pynn_eprop.spinnaker.memory.layout import Region
from pynn_eprop.spinnaker.transfer import bulk
from pynn_eprop.spinnaker.transfer.bulk import (
    Content,
    Place,
    read_in_time,
    read_many,
    read_what_answers,
    write_many,
)

FREE = SDRAM + (100 << 20)      # nothing of a small network is there
NOWHERE = 0x50000000
SIZES = (0, 1, 3, 4, 255, 256, 257, 1000, 3000)
CHIPS = ((0, 0), (1, 0), (0, 1), (1, 1))


@pytest.fixture(scope="module")
def machine():
    """An emulated machine with a small network on it that has run."""
    with Board(chips=4, real_time=False) as board:
        build(sim, 3)
        sim.run(INTERVAL)
        yield board.machine
        sim.end()


def test_places_of_many_chips(machine):
    contents = [Content(*CHIPS[number % 4], FREE + 5000 * number + number % 3, os.urandom(size))
                for number, size in enumerate(SIZES)]
    with counted() as trips:
        write_many(contents)
        packets = sum(-(-size // 256) for size in SIZES)
        assert trips.requests == packets
        assert trips.in_sequence == -(-packets // 8)
    for x, y, address, data in contents:
        assert machine.monitors[x, y].chip.read(address, len(data)) == data
    places = [Place(*each[:3], each.size) for each in contents]
    assert read_many(places) == [each.data for each in contents]
    assert read_many([]) == []
    # as many as there is time for
    assert read_in_time(places, 3600.0) == ([each.data for each in contents], 1.0)
    assert read_in_time(places, -1.0) == ([b"", *[None] * (len(SIZES) - 1)], 0.0)
    # a place that is not there
    wrong = [places[4], Place(0, 0, NOWHERE, 4), places[5]]
    with pytest.raises(SpinnmanException):
        read_many(wrong)
    assert read_what_answers(wrong) == [contents[4].data, None, contents[5].data]


def test_regions_are_where_the_machine_says(machine):
    """The place of each region is that of sPyNNaker's own look-up, region by region."""
    from spinn_front_end_common.utilities.helpful_functions import (
        locate_memory_region_for_placement,
    )
    network = sim.simulator.state.simulation.network
    for core in network.plan.cores:
        vertex = network._vertex(core)
        placement = FecDataView.get_placement_of_vertex(vertex)
        for region in Region:
            if vertex._sizes()[region]:
                assert vertex.place(region).address == locate_memory_region_for_placement(
                    placement, region)


def test_boards_are_asked_in_turn(monkeypatch):
    """A board's places one after the other, and the boards side by side."""
    monkeypatch.setattr(FecDataView, "get_nearest_ethernet", lambda x, y: (x // 8 * 8, 0))
    places = [Place(0, 0, 0, 300), Place(1, 0, 0, 10), Place(8, 0, 0, 4), Place(9, 0, 0, 0),
              Place(10, 0, 0, 520)]
    assert list(bulk._in_turn(places, range(5))) == [
        (0, 0), (2, 0), (0, 256), (4, 0), (1, 0), (4, 256), (4, 512)]
