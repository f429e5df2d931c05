"""Empty parts behave alike on every backend and in every number system, or are refused alike.

Expected values are closed forms. Without input v and y stay 0: the loss of an interval of 20
steps, with 2 readouts and a target of 0.5, is 20 * 2 * 0.5 * 0.5**2 = 5, and its gradient is 0.
What is not there changes nothing, has no weights, no spikes and no samples.
"""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import pytest

from tests.backends import empty

REFUSED = ["NetworkError"] * 17 + ["SelectionError", "ParameterError", "DimensionError"]
ASKED = [[], [], (3, 4), True, [0, 0], [0.0, 0.5, 1.0], [], [], [], "SelectionError"]

EXPECTED: dict[str, Any] = {
    "empty_projections_change_nothing": [True, True],
    "only_empty_projections": [[5.0, 5.0], [[]] * 4, [[]] * 4, 2, (41, 4), 0.0, 1.0],
    "symmetric_feedback_of_an_empty_projection": [[5.0, 5.0], True, [], 2],
    "windowed_feedback_beside_an_empty_projection": [[5.0, 5.0], True, [], 2],
    "plastic_synapses_that_an_empty_feedback_reaches": "NetworkError",
    "calls_on_an_empty_projection": [*ASKED, 0, "NetworkError"],
    "calls_on_an_empty_projection_after_a_run": ASKED,
    "gradient_of_an_empty_projection": [[], []],
    "weights_set_and_reset": [[], 20.0],
    "weight_files": [(0,), "CheckpointError"],
    "checkpoints": [[5.0, 5.0], [[]] * 4],
    "sources_without_spikes": [
        [[[]] * 3, [[], [3.0], []], [[]] * 3, [[], [], [4.0]], [[]] * 3, [[]] * 3],
        0.0, [0] * 4, 0.0],
    "no_targets": [[0.0, 0.0], True, [[0.25], [0.25]], 2],
    "loss_of_readouts_without_one": [0.0, 0.0],
    # no segment before a run; one of no length after a run of no steps; 21 samples of 20 steps
    "data_of_no_run": [
        [[], [], []], 0.0, 0.0, [[[4, {}]], [[0, {}]], [[3, {}]]], [0] * 4, 0,
        [[[4, {"v": (21, 4)}]], [[0, {}]], [[3, {}]]], [[4, {}]], [[0, {}]]],
    "data_around_a_reset": [[], [], [[0, {"v": (21, 4)}]], 0.0],
    "counts_of_what_is_not_recorded": "NothingRecordedError",
    # an interval ends, and with it an update, whether anything learns or not
    "networks_of_nothing": [20.0, 20.0, 1, 0, 2.0, 2, 60.0],
    "stock_cells": [[], [], [0] * 4, 0.0, [[0, {}]], [0] * 4, 0.0],
    "calls_on_an_empty_projection_to_stock_cells": [0, 0, [], [], True, [0, 0], []],
    "a_current_of_no_steps": [(21, 2), 0.0],
    "groups_without_cells": REFUSED,
    "an_assembly_that_begins_empty": [0, 0, 4, 4],
}

#: Things that a backend lacks, empty or not (docs/nest.md, brian2.md, spinnaker.md), or has
#: otherwise.
LACKING = {
    "fixed": {"stock_cells", "a_current_of_no_steps"},
    "nest": {"symmetric_feedback_of_an_empty_projection",
             "windowed_feedback_beside_an_empty_projection", "gradient_of_an_empty_projection",
             "weights_set_and_reset", "checkpoints", "no_targets", "data_around_a_reset"},
    "brian2": {"checkpoints"},
}
OF_SPYNNAKER = {
    "calls_on_an_empty_projection_to_stock_cells":
        "NotImplementedError: sPyNNaker does not currently do set",
    "a_current_of_no_steps": [(20, 2), 0.0],    # of its cells there is no sample at time 0
}


def results_on(backend: str) -> dict[str, Any]:
    """The result of each script; a backend that is not the host has a process of its own."""
    if backend in empty.ON_HOST:
        return empty.run_all(backend)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return dict(pool.submit(empty.run_all, backend).result(timeout=300))


@pytest.mark.parametrize("backend_name", empty.BACKENDS)
def test_all_that_is_empty(backend_name):
    results, expected = results_on(backend_name), dict(EXPECTED)
    for name in LACKING.get(backend_name, ()):
        assert str(results[name]).startswith("UnsupportedError: "), name
        expected[name] = results[name]
    if backend_name == "spinnaker":
        expected |= OF_SPYNNAKER
    assert {script.__name__ for script in empty.SCRIPTS} == set(results) == set(expected)
    for name, value in expected.items():
        assert results[name] == value, name
