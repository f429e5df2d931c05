"""The page of decoded traces, from results whose numbers are known."""

import numpy as np

from evidence import decoding

DELAYS = [50.0 * number for number in range(119)]


def results(level, updates=(0, 200)):
    """Results of two seeds: accuracy ``level`` up to 3 s, 0.1 less later; seeds 0.02 around it."""
    def curve(seed):
        return [level + 0.02 * seed - 0.1 * (delay > 3000.0) for delay in DELAYS]

    def of(make):
        return {str(update): make() for update in updates}

    return {"seeds": [1, 2], "updates": list(updates), "delay_ms": DELAYS, "paper": "above 90%",
            "synapses": {"all": 7}, "groups": {"all": of(lambda: curve(0))},
            "by_seed": {"1": of(lambda: {"all": curve(1)}), "2": of(lambda: {"all": curve(-1)})}}


def test_the_page_has_means_around_the_delays_of_its_tables(tmp_path):
    found = {variant.name: results(level, updates) for variant, level, updates in zip(
        decoding.VARIANTS, (0.9, 0.6), ((0, 200), (200,)), strict=True)}
    page = decoding.page(found)
    assert "| updates | 0 s | 1 s | 2 s | 4 s | 5.9 s |" in page
    assert "| 200 | 0.90 | 0.90 | 0.90 | 0.80 | 0.80 |" in page
    assert "| all (7), 0 | 0.90 | 0.90 | 0.90 | 0.80 | 0.80 |" in page
    assert f"| {decoding.VARIANTS[1].label} | 0.60 | 0.60 | 0.60 | 0.50 | 0.50 |" in page
    # mean 0.8, half-width 12.706 times the standard error of 0.82 and 0.78
    assert f"0.800 ± {12.706 * 0.02:.3f} (0.820, 0.780)" in page

    decoding.write_curves(found, tmp_path / "curves.csv")
    header, first, *_, last = (tmp_path / "curves.csv").read_text().splitlines()
    assert header.startswith("delay_ms,") and len((tmp_path / "curves.csv").read_text()
                                                  .splitlines()) == 120
    assert np.allclose([float(each) for each in first.split(",")],
                       [0.0, 0.92, 0.92, 0.88, 0.88, 0.62, 0.58])
    assert last.startswith("5900,0.82,")
