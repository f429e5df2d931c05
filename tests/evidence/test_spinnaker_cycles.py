"""The page of instructions and cycles is that of its results, and its margins hold."""

import json

import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

from evidence.spinnaker_cycles import CASES, FOLDER, KEPT, MARGIN, SPIKES, page

RESULTS = json.loads(KEPT.read_text())


def test_the_page_has_the_results() -> None:
    assert set(RESULTS) == {*CASES, "spikes"} and set(RESULTS["spikes"]) == set(SPIKES)
    assert (FOLDER / "cycles.md").read_text() == page(RESULTS)


@pytest.mark.parametrize("name", CASES)
def test_steps_and_updates_are_in_time_by_the_model(name: str) -> None:
    for kind in ("eprop_neuron", "eprop_readout"):
        figures = RESULTS[name]["arm968"][kind]
        assert figures["late"] == figures["overruns"] == 0
        assert figures["longest"] < 1000
        assert figures["given"] >= MARGIN * figures["update"]
