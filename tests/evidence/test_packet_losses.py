"""The page of lost packets says which rows are wrong without a word, and is that of its results."""

import json

import pytest

pytest.importorskip("spynnaker", reason="the script imports networks that need sPyNNaker")

from evidence import packet_losses as evidence

RIGHT = {"packets": 100, "lost": 0, "doubled": 0, "pairs": 0, "warnings": 0, "error": "",
         "different": 0}
SAID = {**RIGHT, "lost": 1, "pairs": 2, "warnings": 1, "error": "readout: heard 1 of 2 spikes",
        "different": 1234}


def test_both_runs_must_say_of_wrong_numbers():
    """The one that ends with an error, and the one that goes on with warnings."""
    names = list(evidence.CASES)[:2]
    text = evidence.page(dict(zip(names, (RIGHT, SAID), strict=True)))
    assert f"| {names[0]} | 0 | 0 | right | 0 | none |" in text
    assert f"| {names[1]} | 1 | 0 | 1,234 numbers differ | 2 | {SAID['error']} |" in text
    assert text.endswith("**No row is wrong without a word.**\n")
    for quiet in ({"error": ""}, {"warnings": 0}, {"pairs": 0}):
        results = dict(zip(names, (RIGHT, {**SAID, **quiet}), strict=True))
        assert evidence.silent(results) == [names[1]]
        assert evidence.page(results).endswith(f"**Wrong without a word: {names[1]}.**\n")


def test_the_page_is_that_of_its_results():
    results = json.loads(evidence.KEPT.read_text())
    assert set(results) == set(evidence.CASES)
    assert evidence.PAGE.read_text() == evidence.page(results)
