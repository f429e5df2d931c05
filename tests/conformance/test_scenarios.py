"""docs/conformance.md says what PyNN's own scenarios do on the host backend and in JAX: it must be
true.
"""

import importlib.util
import re

import pytest

from evidence.shared.scenarios.fetch import FOLDER
from evidence.shared.scenarios.run import ROOT, SUBSTITUTES, run_scenarios

PAGE = ROOT / "docs" / "conformance.md"
ROW = re.compile(r"^\| `(?P<name>[\w.:]+)` \| (?P<result>[\w ]+) \| (?P<reason>.*) \|$",
                 re.MULTILINE)

pytestmark = pytest.mark.skipif(
    not FOLDER.exists(), reason="run `python evidence/shared/scenarios/fetch.py` first")


@pytest.fixture(scope="module")
def direct(tmp_path_factory):
    return run_scenarios(tmp_path_factory.mktemp("direct"), "pynn_eprop.host")


@pytest.fixture(scope="module")
def substituted(tmp_path_factory):
    return run_scenarios(tmp_path_factory.mktemp("substituted"), "pynn_eprop.host", SUBSTITUTES)


@pytest.fixture(scope="module")
def listed():
    rows = {row["name"]: (row["result"], row["reason"]) for row in ROW.finditer(PAGE.read_text())}
    assert len(rows) > 60
    return rows


def not_judged(outcome):
    """Some scenarios skip themselves if SciPy, which nothing else here needs, is missing."""
    return outcome.result == "skipped" and "scipy" in outcome.message.lower() \
        and importlib.util.find_spec("scipy") is None


def test_the_list_has_exactly_pynns_scenarios(listed, direct):
    assert set(listed) == set(direct)


def test_the_list_is_true(listed, direct, substituted):
    found = {}
    for name in listed:
        if not_judged(direct[name]):
            found[name] = listed[name][0]
        elif direct[name].result == "passed":
            found[name] = "passes"
        elif direct[name].result == "skipped":
            found[name] = "not run"
        elif substituted[name].result == "passed" or not_judged(substituted[name]):
            found[name] = "passes with a substitute"
        else:
            found[name] = "fails"
    assert found == {name: result for name, (result, _) in listed.items()}


def test_each_reason_names_what_the_scenario_stumbled_over(listed, direct, substituted):
    for name, (result, reason) in listed.items():
        if result == "passes" or not_judged(direct[name]):
            continue
        assert reason, name
        for word in re.findall(r"`([^`]+)`", reason):
            if not not_judged(substituted[name]):
                assert word in direct[name].message + substituted[name].message, (name, word)


def test_jax_passes_the_same(listed, tmp_path):
    passed = {name for name, outcome in run_scenarios(tmp_path, "pynn_eprop.jax",
                                                      SUBSTITUTES).items()
              if outcome.result == "passed" or (not_judged(outcome)
                                                and listed[name][0].startswith("passes"))}
    assert passed == {name for name, (result, _) in listed.items() if result.startswith("passes")}


def test_the_counts_are_true(listed):
    text = " ".join(PAGE.read_text().split())
    results = [result for result, _ in listed.values()]
    for sentence in (f"Of {len(results)} scenarios, {results.count('passes')} pass.",
                     f"{results.count('passes with a substitute')} more pass when",
                     f"{results.count('fails')} fail for the reason given, and "
                     f"{results.count('not run')} is for neurons with compartments"):
        assert sentence in text
