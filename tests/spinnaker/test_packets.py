"""Packets that come at unusual times or in unusual numbers, on emulated cores.

Expected values are the host engine's, given the spikes that should count.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

from pynn_eprop.engine.host_engine import HostEngine
from pynn_eprop.models.cells import SpikingCells
from pynn_eprop.models.network import Inputs
from pynn_eprop.spinnaker.board import failures
from pynn_eprop.spinnaker.memory.layout import Provenance
from tests.random_networks import Case, CellPlan, Plan, make_case
from tests.spinnaker.machine import Packet
from tests.spinnaker.twin import ChipNetwork, compare_learned, counts_of, recordings_of

T = 20


@pytest.fixture
def make_chip() -> Iterator[Any]:
    """Makes cores with the network of a case, that are closed after the test."""
    made = []

    def make(case: Case, **options: Any) -> ChipNetwork:
        made.append(ChipNetwork(case.network, recordings_of(case.network), **options))
        return made[-1]

    yield make
    for chip in made:
        chip.close()


def one_source() -> Case:
    """A source, and cells and readouts that learn from it."""
    return make_case(Plan(sources=(1,), cells=(CellPlan(2),), stretches=((2 * T, True),),
                          interval_steps=T, optimizers=("sgd",)))


def silent(case: Case) -> Case:
    """The network with small weights and high thresholds."""
    network = case.network
    projections = tuple(replace(each, weight=1e-3 * each.weight) for each in network.projections)
    populations = tuple(replace(each, v_thresh=np.full(each.size, 500.0))
                        if isinstance(each, SpikingCells) else each
                        for each in network.populations)
    return replace(case, network=replace(network, projections=projections,
                                         populations=populations))


def host_run(case: Case, steps: list[int]) -> tuple[HostEngine, list[tuple[Any, Any]]]:
    """The host after two intervals, and what it recorded; its source fires at ``steps``."""
    host, recordings = HostEngine(case.network, precision="fixed"), recordings_of(case.network)
    inputs = Inputs({0: (np.array(steps), np.zeros(len(steps), np.int64))}, {})
    return host, list(zip(recordings, host.run(2 * T, inputs, recordings).entries, strict=True))


def test_spikes_of_a_packet_beyond_4096_are_left_out_and_counted(make_chip, monkeypatch):
    case = silent(one_source())
    chip = make_chip(case, max_rate=1e6, warns_of_losses=True)
    key = chip._source_key(0) | 5
    monkeypatch.setattr(chip, "_packets", lambda first, last: [
        Packet(5, core, key, 4100) for core in chip._listeners(0) if first <= 5 < last])
    chip.advance(2 * T)
    # so many spikes make a core late, and errors miss their steps: what cells do is compared
    for recording, expected in host_run(case, [5] * 4096)[1]:
        if recording.variable == "v":
            assert np.max(np.abs(expected)) > 1.0
            np.testing.assert_array_equal(chip.recorded(recording)[:T], expected[:T])
    for core in chip._listeners(0):
        counted = chip.vertices[core - 1].provenance
        assert counted[Provenance.CUT_SPIKES] == 4
        assert "cells: 4 spikes were left out: more than 4096 of one cell in one step" in \
            failures.events("cells", counted)


@pytest.mark.parametrize("colour_bits", [0, 4])
def test_what_comes_while_the_machine_stands(make_chip, colour_bits):
    """A spike that was sent before counts; live spikes, whose keys have no step, do not."""
    case = one_source()
    chip = make_chip(case, colour_bits=colour_bits, warns_of_losses=True)
    given = [2, 3, 7]
    chip.give(Inputs({0: (np.array(given), np.zeros(3, np.int64))}, {}))
    chip.advance(8)     # cores have done step 9, whose spikes count at step 10
    count = 3000 if colour_bits == 0 else 1     # more than the places of the receive buffer
    key = chip._source_key(0) | (9 if colour_bits else 0)
    for _ in range(count):
        for core in chip._listeners(0):
            chip.chip.chip.packet(core, key, None)
        chip.chip._run_ms(0.01)
    chip.advance(2 * T - 8)
    ignored = count * len(chip._listeners(0)) if colour_bits == 0 else 0
    host, recorded = host_run(case, given if colour_bits == 0 else [*given, 9])
    compare_learned(host, chip, "at the end: ")
    for recording, expected in recorded:
        if recording.variable not in ("spikes", "loss"):
            np.testing.assert_array_equal(chip.recorded(recording), expected)
    counts = counts_of(chip)
    assert (counts["IGNORED_INPUT"], counts["LOST_PACKETS"]) == (ignored, 0)


def test_spikes_by_the_thousand_during_a_long_update_are_ignored_and_none_is_lost():
    """Each millisecond of a pause brings 60 spikes; the update takes tens of milliseconds."""
    steps, sources, cells, rate = 400, 600, 120, 0.1
    case = silent(make_case(Plan(sources=(sources,), cells=(CellPlan(cells),), interval_steps=steps,
                                 stretches=((2 * steps, True),))))
    rng = np.random.default_rng(1)
    case = replace(case, spikes={0: (rng.random((2 * steps + 1, sources)) < 0.02).astype(int)})
    given = case.inputs(0, 2 * steps).spikes[0]
    recordings = recordings_of(case.network)
    options: dict[str, Any] = {"max_rate": 100.0, "neurons_per_core": cells}
    pause = ChipNetwork(case.network, recordings, **options).net.plan.pause_update
    period = steps + pause
    in_pause = np.flatnonzero(np.arange(2 * period) % period >= steps)[:-1]
    step, cell = np.nonzero(rng.random((len(in_pause), sources)) < rate)
    moved = np.concatenate([given[0] + given[0] // steps * pause, in_pause[step]])
    order = np.argsort(moved, kind="stable")
    chip = ChipNetwork(case.network, recordings, pause=pause, **options)
    chip.give(Inputs({0: (moved[order], np.concatenate([given[1], cell])[order])}, {}))
    host = HostEngine(case.network, precision="fixed")
    host.run(2 * steps, case.inputs(0, 2 * steps), [])
    try:
        chip.advance(2 * period)
        compare_learned(host, chip, "at the end: ")
        counts = counts_of(chip)
        assert max(vertex.provenance[Provenance.LONGEST_UPDATE]
                   for vertex in chip.vertices.values()) > 20_000     # us
        assert counts["IGNORED_INPUT"] == len(step) * len(chip._listeners(0))
        assert counts["LATE_SPIKES"] == counts["LOST_PACKETS"] == 0
    finally:
        chip.close()
