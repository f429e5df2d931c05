"""The page of task 1.1 with a chip in the loop, from results whose numbers are known."""

import numpy as np

from evidence import chip_in_the_loop, chip_in_the_loop_page


def run(error, seed=1):
    return {"seed": seed, "neurons": 100, "updates": 40, "error_last50": error,
            "error_curve": np.linspace(1.0, error, 40).tolist(), "seconds_training": 3.0}


def test_the_page_has_medians_and_ranges():
    found = chip_in_the_loop.Found(
        runs={200.0: {"host": [run(0.1), run(0.2, 2), run(0.6, 3)],
                      "chip, 10% mismatch": [run(0.3), run(0.1, 2), run(0.2, 3)]}},
        tried={200.0: {"chip, 10% mismatch": np.array([[0.9, 0.3], [0.1, 0.2], [0.8, 0.1]])}})
    text = chip_in_the_loop_page.page(found)
    assert "| host | 0.200 (0.100 to 0.600) | no chip:" in text
    assert "| chip, 10% mismatch | 200 ms | 0.800 (0.100 to 0.900) | 0.200 (0.100 to 0.300) | " \
        "2 of 3 seeds |" in text
    assert chip_in_the_loop.table(found).splitlines()[1] == "200,host,1,40,0.100000,3"
    assert chip_in_the_loop.tried_table(found).splitlines()[2] == \
        "200,\"chip, 10% mismatch\",1,0.100000,0.200000"
    curves = chip_in_the_loop_page.draw(found).axes[0].lines
    assert [line.get_label() for line in curves] == ["host", "chip, 10% mismatch"]


def test_all_series_have_a_colour_and_a_meaning():
    assert set(chip_in_the_loop.SERIES) == set(chip_in_the_loop_page.COLOURS) \
        == set(chip_in_the_loop_page.MEANINGS)


def test_weights_are_tried_on_a_chip_that_did_not_learn_them(tmp_path):
    """Once: the error is kept."""
    plan = chip_in_the_loop.Plan(neurons=30, updates=8, intervals=(100.0,), seeds=(3,), trials=1,
                                 series=("reset and held", "chip, 10% mismatch"))
    found = chip_in_the_loop.gather(plan, tmp_path, 2)
    (without, with_it), = found.tried[100.0]["chip, 10% mismatch"]
    assert without != with_it
    for label in plan.series:
        assert len(found.runs[100.0][label]) == 1
    kept = list(tmp_path.glob("*/tried-on-*.json"))
    assert len(kept) == 2
    assert chip_in_the_loop.try_on(plan, tmp_path, 100.0, "chip, 10% mismatch", 3,
                                   "reset and held") == without
