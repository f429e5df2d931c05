"""Round trips of a run: cores are written and read side by side, not one after the other."""

import numpy as np
import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

import pynn_eprop.spinnaker as sim
from evidence.shared.many_cores import INTERVAL, build
from evidence.shared.round_trips import counted
from pynn_eprop.emulator import Board

FEW, MANY = 3, 11
UNDER_WAY = 8
"""Requests that sPyNNaker has under way with a board."""
PACKETS = 18
"""Of a core at a stop, at most: of ours 1 for the tables of the run, 1 for those of recordings and
1 for a recording, 1 for counters, 1 for activity, 5 or 6 for what it has learned (1,336 bytes and a
little); of sPyNNaker's 1 for the time of the run and 1 for the text. In sequence there were 18."""


def test_round_trips_in_sequence_grow_by_packets_under_way_not_by_cores():
    found = {}
    for cores in (FEW, MANY):
        with Board(chips=48, real_time=False), counted() as trips:
            learned = build(sim, cores)
            sim.run(INTERVAL)
            trips.clear()
            sim.run(INTERVAL)
            found[cores] = trips.requests, trips.in_sequence
            trips.clear()
            learned.get("weight", format="array")   # the copy of the stop
            learned.get("gradient", format="array")
            assert trips.requests == 0
            sim.end()
    requests, in_sequence = np.subtract(found[MANY], found[FEW])
    assert requests <= PACKETS * (MANY - FEW)
    assert in_sequence <= 1.1 * requests / UNDER_WAY + 10
