"""Every packet of a small network is lost, or comes twice, in turn, and every time it is noticed.

Emulated cores without sPyNNaker; which packet it is, and where, is chosen by the conditions of the
emulated board (``pynn_eprop.emulator.conditions``).
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

from pynn_eprop.emulator.conditions import Conditions
from pynn_eprop.emulator.emulated_machine import PacketCounts
from pynn_eprop.errors import PacketLossError
from pynn_eprop.models.network import Inputs
from pynn_eprop.spinnaker.board.losses import Loss
from pynn_eprop.spinnaker.memory import tallies
from pynn_eprop.spinnaker.running import packet_counts
from tests.random_networks import CellPlan, Plan, ReadoutPlan, make_case
from tests.spinnaker.twin import ChipNetwork

T = 8
NEVER = 2 ** 32 - 1
LABELS = {1: "readouts mse[0:2]", 2: "LIF[0:8]", 3: "LIF[8:10]"}
"""Of cores. Source, cells and readouts are all to all; the weights of the readouts are mirrored."""
WHAT = {"plain": {"spikes"}, "payload": {"errors", "mirrored weights"}}


class Trials(ChipNetwork):
    """A network that is loaded once and played many times from the start."""

    def __init__(self, warns: bool = True, **plan: Any) -> None:
        interval = plan.get("interval_steps", T)
        case = make_case(Plan(**{
            "sources": (4,), "cells": (CellPlan(10),), "readouts": (ReadoutPlan(2),),
            "feedbacks": ("symmetric",), "optimizers": ("sgd",), "interval_steps": T,
            "stretches": ((2 * (interval or T), True),), **plan}))
        super().__init__(case.network, [], neurons_per_core=8, warns_of_losses=warns)
        steps, cells = np.unique(case.inputs(0, case.plan.steps).spikes[0], axis=1)
        self.give(Inputs({0: (steps, cells)}, {}))      # no packet stands for several spikes
        self.case = case
        self.play()

    def play(self, *stops: int, last: int | None = None, **conditions: Any) -> PacketCounts:
        """Play it from the start to the end, or to step ``last``; stop at some steps."""
        self.net.restart({}, from_start=True)
        self.machine_step = self.step = 0
        self._rng = np.random.default_rng(0)
        if self.loaded:
            self.chip.machine.set_conditions(Conditions(**conditions))
        for stop in (*stops, last or self.case.plan.steps):
            self.advance(stop - self.step)
        return self.chip.machine.packets

    @property
    def losses(self) -> list[Loss]:
        """Packets that the host misses, or that came twice."""
        return self.net.reports.lost


@pytest.fixture(scope="module")
def trials() -> Iterator[Trials]:
    made = Trials()
    yield made
    made.close()


@pytest.mark.parametrize("core", LABELS)
@pytest.mark.parametrize("kind", WHAT)
def test_each_packet_in_turn_is_lost_and_doubled(trials, core, kind):
    where = {"packet_core": (0, 0, core), "packet_kind": kind}
    count = trials.play(lose_packet=NEVER, **where).seen
    assert trials.losses == []
    first = trials.play(last=T, lose_packet=NEVER, **where).seen     # in the first of two intervals
    assert count > first >= 3 or (core, kind) == (1, "payload")     # readouts hear spikes only
    for number in range(1, count + 1):
        for mishap, change in (("lose_packet", -1), ("double_packet", 1)):
            trials.play(**{mishap: number}, **where)
            loss, = trials.losses
            assert (loss.receiver, loss.heard - loss.sent) == (LABELS[core], change), number
            assert loss.what in WHAT[kind]
            interval = int(number > first)
            assert (loss.intervals, loss.updates) == ((interval,) * 2, (interval + 1,) * 2)


def test_one_that_is_lost_while_another_comes_twice(trials):
    rng = np.random.default_rng(1)
    for core, kind in ((1, "plain"), (2, "plain"), (3, "payload")):
        where = {"packet_core": (0, 0, core), "packet_kind": kind}
        count = trials.play(lose_packet=NEVER, **where).seen
        for _ in range(10):
            lost, doubled = rng.choice(count, 2, replace=False) + 1
            assert trials.play(lose_packet=int(lost), double_packet=int(doubled), **where).lost == 1
            assert sum(loss.heard - loss.sent for loss in trials.losses) == 0
            assert {loss.receiver for loss in trials.losses} == {LABELS[core]}


def test_packets_that_are_lost_as_they_leave_a_core(trials):
    """Errors of the readouts' core come to two cores, which both miss them."""
    trials.play(lose_packet=1, packet_place="sender", packet_core=(0, 0, 1))
    assert {(loss.receiver, loss.sender) for loss in trials.losses} == {
        (LABELS[core], LABELS[1]) for core in (2, 3)}
    assert [loss.sent - loss.heard for loss in trials.losses] == [1, 1]


def test_stops_within_intervals(trials):
    """Those that are on the way at a stop are not lost; spikes that are, are missed at once."""
    stops = (1, 3, T - 1, T, T + 2, 2 * T - 1)
    where = {"packet_core": (0, 0, 2), "packet_kind": "plain"}
    count = trials.play(*stops, lose_packet=NEVER, **where).seen
    assert trials.losses == []
    for number in range(1, count + 1):
        trials.play(*stops, lose_packet=number, **where)
        assert [loss.sent - loss.heard for loss in trials.losses] == [1], number


def test_without_intervals():
    trials = Trials(interval_steps=None, feedbacks=("none",), optimizers=("static",),
                    readouts=(ReadoutPlan(2, loss=None),))
    try:
        where = {"packet_core": (0, 0, 2)}
        stops = (2, T)
        count = trials.play(*stops, lose_packet=NEVER, **where).seen
        assert trials.losses == []
        for number in range(1, count + 1):
            trials.play(*stops, lose_packet=number, **where)
            if not trials.losses:       # of the last step, and not heard before the next one
                trials.advance(1)
            loss, = trials.losses
            assert (loss.sent - loss.heard, loss.intervals, loss.updates) == (1, None, None)
    finally:
        trials.close()


def test_intervals_that_share_a_row_are_named_together(monkeypatch):
    monkeypatch.setattr(tallies, "MOST_BYTES", 0)
    trials = Trials()
    try:
        trials.play(lose_packet=3, packet_core=(0, 0, 2), packet_kind="payload")
        loss, = trials.losses
        assert (loss.sent - loss.heard, loss.intervals, loss.updates) == (1, (0, 1), (1, 2))
        # weights of ten cells to two readouts, in two intervals
        assert (loss.what, loss.sent) == ("mirrored weights", 2 * 10 * 2)
    finally:
        trials.close()


def test_losses_of_many_cores_are_told_by_their_sums(trials, monkeypatch):
    monkeypatch.setattr(packet_counts, "MOST_EXAMINED", 1)
    trials.play(lose_packet=1, packet_place="sender", packet_core=(0, 0, 1))
    one, other = trials.losses
    assert {one.sender, other.sender} == {LABELS[1], "all that send to it"}
    assert {one.sent - one.heard, other.sent - other.heard} == {1}


def test_the_error_names_cores_intervals_and_updates():
    trials = Trials(warns=False)
    try:
        with pytest.raises(PacketLossError) as caught:
            trials.play(lose_every=5, packet_core=(0, 0, 3))
        lines = str(caught.value).splitlines()
        first, losses = caught.value.losses[0], caught.value.losses
        assert lines[0] == first.sentence()
        assert lines[3] == f"and {len(losses) - 3} more such losses"
        assert (first.receiver, first.intervals, first.updates) == (LABELS[3], (0, 0), (1, 1))
        assert {loss.intervals for loss in losses} == {(0, 0), (1, 1)}
        assert sum(loss.sent - loss.heard for loss in losses) == trials.chip.machine.packets.lost
    finally:
        trials.close()
