"""Random networks on emulated cores in machine time, beside the host engine, bit for bit.

Runs stop anywhere, also in pauses, when weights and parameters may change; sources send in pauses,
which cores that learn ignore. Expected are the host's numbers for the same intervals without any
pauses, at the times that machine time gives them.
"""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pynn_eprop.engine.host_engine import HostEngine
from pynn_eprop.models.network import Boundary, Inputs
from tests.random_networks import Case, Plan, make_case
from tests.spinnaker.test_twin import for_cores
from tests.spinnaker.twin import ChipNetwork, change, compare_learned, counts_of, recordings_of
from tests.strategies import plans


def machine_inputs(case: Case, pause: int, rng: np.random.Generator) -> tuple[Inputs, dict]:
    """Spikes at machine steps, some in pauses; and how many of each source are in pauses.

    Values are asked for by steps without pauses.
    """
    T = case.network.settings.interval_steps
    assert T is not None
    inputs = case.inputs(0, case.plan.steps)
    given = inputs.spikes
    spikes, ignored = {}, {}
    for index, (steps, cells) in given.items():
        moved = steps + steps // T * pause
        end = case.plan.steps // T * (T + pause)
        pauses = np.flatnonzero(np.arange(end) % (T + pause) >= T)[:-1]
        at = np.sort(rng.choice(pauses, len(pauses) // 2))
        moved = np.concatenate([moved, at])
        order = np.argsort(moved, kind="stable")
        size = case.network.populations[index].size
        cells = np.concatenate([cells, rng.integers(size, size=len(at))])
        spikes[index], ignored[index] = (moved[order], cells[order]), len(at)
    return Inputs(spikes, {}, inputs.values), ignored


def run_both(case: Case, every: int, more_pause: int, **options: Any) -> tuple[dict, int]:
    """Run a case and compare all numbers. Counts of all cores, and how many should be ignored."""
    rng = np.random.default_rng(case.plan.seed)
    network, T = case.network, case.network.settings.interval_steps
    assert T is not None
    recordings = recordings_of(network)
    pause = ChipNetwork(network, recordings, **options).net.plan.pause_update + more_pause
    host = HostEngine(network, precision="fixed")
    chip = ChipNetwork(network, recordings_of(network, every), pause=pause, **options)
    inputs, ignored = machine_inputs(case, pause, rng)
    chip.give(inputs)
    parts = []
    try:
        for number, (steps, learning) in enumerate(case.plan.stretches):
            parts.append(host.run(steps, case.inputs(host.step, steps), recordings, learning))
            intervals, local = divmod(host.step, T)
            stop = intervals * (T + pause) + local
            if not local and host.step < case.plan.steps:   # anywhere in the pause
                stop -= int(rng.choice([0, 1, pause, pause - 1, rng.integers(pause)]))
            chip.advance(stop - chip.step, learning)
            if chip.net.between_updates(chip.step):
                compare_learned(host, chip, f"after step {host.step}: ")
            if case.plan.between_updates()[number]:
                change(case, host, chip, number)
        for index, (recording, found) in enumerate(zip(recordings, recordings_of(network, every),
                                                       strict=True)):
            compare(case, recording.variable, [part.entries[index] for part in parts],
                    chip.recorded(found), pause, every)
        return counts_of(chip), sum(
            len(chip._listeners(source)) * count for source, count in ignored.items())
    finally:
        if chip.loaded:
            chip.close()


def compare(case: Case, variable: str, entries: list, found: Any, pause: int, every: int) -> None:
    """One recording of the chip, and what the host recorded at each step."""
    T = case.network.settings.interval_steps
    assert T is not None
    if variable == "loss":
        np.testing.assert_array_equal(found, np.concatenate(entries), err_msg=variable)
        return
    if variable == "spikes":
        steps, cells = (np.concatenate(parts) for parts in zip(*entries, strict=True))
        np.testing.assert_array_equal(found[0], steps + (steps - 1) // T * pause)
        np.testing.assert_array_equal(found[1], cells)
        return
    values = np.concatenate(entries)
    steps = np.arange(1, len(values) + 1)
    expected = np.full((len(values) // T * (T + pause), values.shape[1]), np.nan)
    expected[steps + (steps - 1) // T * pause - 1] = values
    np.testing.assert_array_equal(found, expected[every - 1::every], err_msg=variable)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(plans(stock=False, boundaries=(Boundary.RESET,)).map(for_cores),
       st.sampled_from([None, 4]), st.sampled_from([4, 0]), st.sampled_from([1, 1, 3]),
       st.integers(0, 9))
@example(Plan(interval_steps=20, trials=2, stretches=((13, True), (7, True), (20, True),
              (20, False), (60, True)), changes=("weights", "population")), None, 4, 1, 0)
def test_cores_in_machine_time_and_host_are_equal_bit_for_bit(
        plan: Plan, neurons_per_core: int | None, colour_bits: int, every: int,
        more_pause: int) -> None:
    counts, ignored = run_both(make_case(plan), every, more_pause,
                               neurons_per_core=neurons_per_core, colour_bits=colour_bits)
    assert counts["IGNORED_INPUT"] == ignored
    for name in ("LATE_SPIKES", "UNKNOWN_KEYS", "LOST_PACKETS", "INCOMPLETE_SIGNALS"):
        assert counts[name] == 0, name
