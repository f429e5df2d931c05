"""The page of task 1.3, from results whose numbers are known."""

import csv
import io

import pytest

from evidence import speech, speech_page


def run(accuracy, seed=1, rate=0.01, neurons=200, updates=20):
    """A run with this accuracy in the test set, 0.01 more in validation, 0.1 less elsewhere."""
    return {
        "seed": seed, "neurons": neurons, "updates": updates, "best_update": updates,
        "epoch_updates": 10, "corpus": "speech of a test", "corpus_checksum": "0123456789abcdefg",
        "corpus_utterances": {"train": 320}, "parameters": {"lr": rate, "trials_per_update": 32},
        "threads": 2,
        "seconds_training": 30.0, "versions": {"numpy": "2"},
        "command": f"pynn-eprop run speech --seed {seed} --out DIR",
        "accuracy_validation": accuracy + 0.01, "accuracy_test": accuracy,
        "accuracy_held_out": accuracy - 0.1,
        "accuracy_by_class": {"test": {"vowel": accuracy, "silence": 0.9},
                              "held_out": {"vowel": accuracy - 0.2, "silence": 0.8}},
        "epochs": [{"update": 10, "validation_error": 1.0 - accuracy + 0.1},
                   {"update": 20, "validation_error": 1.0 - accuracy - 0.01}]}


@pytest.fixture
def found():
    """Two series with two seeds; the second has its best rate at 0.03, and a large run."""
    return speech.Found(
        search={"readout only": {0.01: run(0.30), 0.03: run(0.30, rate=0.03)},
                "symmetric feedback": {0.01: run(0.40), 0.03: run(0.45, rate=0.03)}},
        runs={"readout only": [run(0.38), run(0.42, 2)],
              "symmetric feedback": [run(0.5, rate=0.03), run(0.6, 2, 0.03)]},
        large={"symmetric feedback": [run(0.7, neurons=800) | {"accuracy_recorded": 0.35}]})


def test_the_best_rate_in_validation_is_chosen_and_the_smaller_of_equal_ones(found):
    assert found.rate("readout only") == 0.01
    assert found.rate("symmetric feedback") == 0.03


def test_the_page_has_means_over_seeds_with_their_intervals(found):
    text = speech_page.page(found)
    # half-width: 12.706 times the standard error of 0.38 and 0.42
    assert f"| readout only | 0.01 | 0.410 ± {12.706 * 0.02:.3f} | 0.400 ± " in text
    assert "| 0.380, 0.420 | 0.529 |" in text
    assert "| readout only | 0.40 / 0.20 | 0.90 / 0.80 |" in text
    assert "| symmetric feedback | 0.410 | **0.460** |" in text
    assert "| validation | test | held-out voice | recorded | s for an epoch |" in text
    assert "| symmetric feedback | 1 | 0.600, 0.710 | 0.710 | 0.700 | 0.600 | 0.350 | 15 |" in text
    assert "pynn-eprop run speech --seed SEED --out DIR" in text
    # results have the time of updates alone
    assert "2 threads for the updates of an epoch, without its validation" in text


def test_the_page_says_whether_the_size_is_the_papers(found):
    text = speech_page.page(found)
    assert "50 epochs): 200 cells (half of them in each direction) in the place of the paper's " \
        "800, and 20 updates of 32 utterances (2 epochs of 320 utterances), seeds 1, 2. " in text
    assert "## The paper's network" in text
    full = [run(0.5, seed, neurons=800) for seed in (1, 2)]
    text = speech_page.page(speech.Found(found.search, {"readout only": full}, {}))
    assert "\n800 cells (half of them in each direction) as in the paper, and 20 updates" in text
    assert "Reduced size" not in text and "## The paper's network" not in text


def test_tables_have_a_row_for_each_run_and_a_column_for_each_curve(found, tmp_path):
    rows = list(csv.DictReader(io.StringIO(speech.table(found))))
    assert [row["part"] for row in rows] == ["search"] * 4 + ["comparison"] * 4 + [
        "the paper's network"]
    assert rows[-1]["held_out"] == "0.6000" and rows[-1]["neurons"] == "800"
    header, first, last = csv.reader(io.StringIO(speech.curves(found)))
    assert header[1] == "readout only, 200 cells, seed 1" and len(header) == 6
    assert first[:2] == ["10", "0.2800"] and last[-1] == "0.7100"

    speech.write(found, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "README.md", "curves.csv", "curves.png", "runs.csv"]
