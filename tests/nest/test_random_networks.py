"""NEST's own e-prop models give what the float64 engine gives, on random networks.

More seeds are in docs/evidence/nest (evidence/nest_networks.py).
"""

import numpy as np
import pytest

import pynn_eprop.host as host
from evidence.shared.agreement import differences
from evidence.shared.full_task import play_task
from evidence.shared.nest_plans import Plan, play, random_plan
from evidence.shared.nest_process import play_on_nest, task_on_nest

SEEDS = range(1, 25)


def assert_agree(found, expected):
    wrong = [entry for entry in differences(found, expected) if not entry.agrees]
    assert wrong == []


@pytest.mark.parametrize("seed", SEEDS)
def test_random_networks(on_nest, seed):
    plan = random_plan(seed)
    expected = play(host, plan)
    assert_agree(on_nest(play_on_nest, plan), expected)
    for label in expected:
        if label.endswith("/weights"):      # something was learned
            assert np.any(expected[label] != expected[f"{label} before"]), label


def test_runs_in_pieces_give_the_same(on_nest):
    """Pieces of 24 steps end within intervals of 60."""
    plan = Plan(seed=11, cells=("lif", "alif"), c_reg=0.01)
    whole, pieces = on_nest(play_on_nest, plan), on_nest(play_on_nest, plan, pieces=15)
    assert whole.keys() == pieces.keys()
    for name, expected in whole.items():
        if name.endswith("/spikes"):
            assert pieces[name] == expected, name
        else:
            np.testing.assert_array_equal(pieces[name], expected, err_msg=name)


def test_two_threads_agree_with_the_engine(on_nest):
    plan = Plan(seed=12, c_reg=0.01)
    assert_agree(on_nest(play_on_nest, plan, threads=2), play(host, plan))


def test_task_1_1_on_a_small_network(on_nest):
    """At its full size: docs/evidence/nest/random_networks.md."""
    assert_agree(on_nest(task_on_nest, 40), play_task(host, 40))
