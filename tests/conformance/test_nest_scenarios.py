"""Of PyNN's own scenarios, pynn_eprop.nest passes all that pyNN.nest passes."""

import pytest

from evidence.shared.scenarios.fetch import FOLDER
from evidence.shared.scenarios.run import run_scenarios

pytestmark = pytest.mark.skipif(
    not FOLDER.exists(), reason="run `python evidence/shared/scenarios/fetch.py` first")

#: As docs/conformance.md says.
FAILS_ON_BOTH = "test_issue512"
NOT_RUN = "test_scenario5"


def test_nothing_that_the_parent_passes_fails(tmp_path):
    (tmp_path / "ours").mkdir()
    (tmp_path / "parents").mkdir()
    outcomes = run_scenarios(tmp_path / "ours", "pynn_eprop.nest")
    others = {name.partition("::")[2]: outcome for name, outcome in outcomes.items()
              if outcome.result != "passed"
              # scenarios that need SciPy skip themselves if it is missing
              and "scipy" not in outcome.message.lower()}
    assert {name: outcome.result for name, outcome in others.items()} == {
        FAILS_ON_BOTH: "failed", NOT_RUN: "skipped"}, others
    assert len(outcomes) == 66
    (parent,) = run_scenarios(tmp_path / "parents", "pyNN.nest", only=FAILS_ON_BOTH).values()
    assert parent.result == "failed"
