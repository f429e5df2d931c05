"""Of PyNN's own scenarios, pynn_eprop.brian2 passes all that pyNN.brian2 passes.

Here run those that pyNN.brian2 passes, but for a few that take long;
evidence/brian2_scenarios.py has all.
"""

import pytest

from evidence.shared.scenarios.fetch import FOLDER
from evidence.shared.scenarios.run import run_scenarios

pytestmark = pytest.mark.skipif(
    not FOLDER.exists(), reason="run `python evidence/shared/scenarios/fetch.py` first")

#: Each takes from ten seconds to some minutes on Brian2: issue442, for one, to integrate the
#: equations of IF_curr_alpha; four others here have its ACSource on other cells.
SLOW = ("test_issue442", "test_SpikeSourcePoisson", "test_issue437", "test_issue321",
        "test_ticket226", "test_issue274", "test_composed_neuron_model")
#: These fail with pyNN.brian2, and need compartments (docs/evidence/brian2/conformance.md).
FAIL_THERE = ("SpikeSourceGamma", "SpikeSourcePoissonRefractory", "issue652", "issue622",
              "issue759", "issue259", "record_with_filename", "issue499", "scenario1",
              "scenario2", "scenario3", "scenario4", "scenario5", "simple_stochastic_synapse",
              "ticket166")


def test_what_the_parent_passes_passes(tmp_path):
    only = " and ".join(f"not {name}" for name in (*SLOW, *FAIL_THERE))
    outcomes = run_scenarios(tmp_path, "pynn_eprop.brian2", only=only)
    assert {name: outcome for name, outcome in outcomes.items()
            if outcome.result != "passed" and "scipy" not in outcome.message.lower()} == {}
    assert len(outcomes) == 43
