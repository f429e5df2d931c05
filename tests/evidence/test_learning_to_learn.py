"""The page of task 2.1 says what the runs gave, and at which size."""

import csv
import io

import pytest

from evidence import learning_to_learn as evidence
from evidence import learning_to_learn_page as pages


def learned(after, seed=1, size="small", neurons=100, batch=16, module="spiking"):
    return {
        "size": size, "error_module": module, "seed": seed, "iterations": 4000,
        "mse_before": 0.28, "mse_after": after, "mse_no_update": 0.256, "test_tasks": 256,
        "rate": 18.0, "seconds": 240.0, "seconds_no_update": 20.0, "seconds_per_iteration": 0.06,
        "curve": {"iteration": [1, 4000], "error": [0.5, after], "error_before": [0.6, 0.28]},
        "curve_no_update": {"iteration": [1, 4000], "error": [0.5, 0.256]},
        "parameters": {"n_neurons": neurons, "n_module": neurons, "batch": batch},
        "versions": {"jax": "0"}, "command": "pynn-eprop learn arm-movement --out DIR"}


def one_shot(after):
    return {"before": [0.2, 0.4], "after": after, "mse_before": 0.3,
            "mse_after": sum(after) / 2, "targets": 2, "seconds": 3.0}


@pytest.fixture
def found():
    return evidence.Found(
        {"spiking": [learned(0.012, 1), learned(0.014, 2)], "linear": [learned(0.026)]},
        learned(0.008, 1, "medium", 200, 32),
        {"loss": [800.0, 600.0, 400.0], "seconds": [9.0, 6.0, 6.0], "compiling": 20.0,
         "peak_bytes": 3e9, "at_once": 25, "batch": 200, "neurons": 400, "module": 300,
         "iterations": 10000},
        {"cores": {"eprop_neuron": 10, "eprop_readout": 8}, "different": 0, "values": 402000,
         "step": 41358.0, "longest": 466, "late": 0, "update": 41381, "given": 156000,
         "megabytes": 1.25},
        {"host, float64": one_shot([0.01, 0.02]), "host, fixed": one_shot([0.01, 0.025]),
         "emulator, fixed": one_shot([0.01, 0.025])},
        {"float64": [0.010, 0.020], "fixed": [0.011, 0.020], "weights": [0.012, 0.018]})


def test_the_page_has_all_parts(found):
    text = pages.page(found)
    assert "**Reduced size** (`--full` has the paper's): 100 + 100 cells and batches of 16" in text
    # Student's t of two seeds: 12.706 x 0.001
    assert "| spiking | 1, 2 | 0.2800 ± 0.0000 | 0.0130 ± 0.0127 | 0.2560 ± 0.0000 | 0.060 | 240 |"\
        in text
    assert "| linear | 1 | 0.2800 | 0.0260 | 0.2560 |" in text
    assert "200 + 200 cells, batches of 32, 4000 iterations, seed 1: mse 0.2800 before and " \
        "**0.0080** after one update" in text
    assert "6.0 s an iteration on two cores (median of 3)" in text
    assert "would take 17 hours here" in text
    assert "18 cores (10 of `eprop_neuron`, 8 of `eprop_readout`)" in text
    assert "all learned weights, nothing differs from the host in fixed point" in text
    assert "| 41,358 | 20.7% | 466 | 0 | 41.4 | 1.25 | 156 |" in text
    assert "mse 0.0150 in float64 and 0.0155 (+0.0005 ± 0.0010, median size 0.0005) in f" in text
    assert "| host, fixed | 0.300000 | 0.017500 | 5.0e-03 | 1.50 |" in text
    assert "are equal to those of the host in fixed point" in text
    found.one_shot["emulator, fixed"] = one_shot([0.01, 0.026])
    assert "are **not equal** to those of the host in fixed point" in pages.page(found)
    found.learned = {"spiking": [learned(0.006, neurons=400, batch=200)]}
    assert "Reduced size" not in pages.page(found)


def test_tables_have_all_runs(found):
    rows = list(csv.DictReader(io.StringIO(evidence.table(found))))
    assert [(row["series"], row["size"], row["seed"]) for row in rows] == [
        ("spiking", "small", "1"), ("spiking", "small", "2"), ("linear", "small", "1"),
        ("spiking", "medium", "1")]
    assert rows[1]["mse_after"] == "0.014"
    assert len(list(csv.DictReader(io.StringIO(evidence.curves(found))))) == 8
