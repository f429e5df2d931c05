"""Seeds and grids from text, and the points that they make."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynn_eprop.errors import TaskError
from pynn_eprop.experiments.literals import value_text
from pynn_eprop.sweeps import Axis, Point, grid_points, parse_axis, parse_seeds


@pytest.mark.parametrize("text, seeds", [
    ("3", (3,)), ("1-4", (1, 2, 3, 4)), ("5,1-2, 9", (5, 1, 2, 9)), ("0", (0,))])
def test_seeds(text: str, seeds: tuple[int, ...]) -> None:
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text, message", [
    ("", "neither a number nor a range"), ("1-", "'1-' is neither"), ("a", "'a' is neither"),
    ("-1", "'-1' is neither"), ("4-2", "range '4-2' is empty"), ("1-3,2", "have 2 twice"),
    ("0-99999999999", "more than 100,000"), ("1,,2", "'' is neither")])
def test_seeds_that_are_refused(text: str, message: str) -> None:
    with pytest.raises(TaskError, match=message):
        parse_seeds(text)


@given(st.lists(st.integers(0, 2000), min_size=1, max_size=20, unique=True))
def test_seeds_come_back_in_their_order(seeds: list[int]) -> None:
    assert parse_seeds(",".join(map(str, seeds))) == tuple(seeds)


@given(st.text(max_size=12))
def test_any_text_gives_seeds_or_the_typed_error(text: str) -> None:
    try:
        seeds = parse_seeds(text)
    except TaskError:
        return
    assert len(set(seeds)) == len(seeds) > 0 and min(seeds) >= 0


@pytest.mark.parametrize("text, values", [
    ("lr=0.01,0.02", (0.01, 0.02)), ("neurons=10", (10,)),
    ("feedback=random,symmetric", ("random", "symmetric")),
    ("rule=clopath:tau_v=20,v_plus=0.1;e-prop", ("clopath:tau_v=20,v_plus=0.1", "e-prop")),
    ("ranges=(1,2),(3,4)", ((1, 2), (3, 4))), ("data='a,b',c", ("a,b", "c")),
    ("keep=True,False", (True, False))])
def test_axes(text: str, values: tuple[object, ...]) -> None:
    axis = parse_axis(text)
    assert (axis.name, axis.values) == (text.partition("=")[0], values)


@pytest.mark.parametrize("text, message", [
    ("lr", "not of the form"), ("=1", "not of the form"), ("lr=", "not of the form"),
    ("lr=1,,2", "empty value"), ("lr=1,1", "value twice"), ("lr=0.10,0.1", "value twice")])
def test_axes_that_are_refused(text: str, message: str) -> None:
    with pytest.raises(TaskError, match=message):
        parse_axis(text)


@given(st.lists(st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False),
                          st.tuples(st.integers(), st.integers()), st.booleans()),
                min_size=1, max_size=6, unique_by=value_text))
def test_values_come_back_from_their_text(values: list[object]) -> None:
    assert parse_axis("x=" + ",".join(map(value_text, values))).values == tuple(values)


def test_points_are_all_combinations_seed_by_seed() -> None:
    points = list(grid_points([Axis("lr", (0.1, 0.2)), Axis("rule", ("a", "b"))], (1, 2)))
    assert [(dict(point.values)["lr"], dict(point.values)["rule"], point.seed)
            for point in points] == [(lr, rule, seed) for lr in (0.1, 0.2) for rule in "ab"
                                     for seed in (1, 2)]
    assert points[0].series == "lr=0.1, rule=a"
    assert points[0].folder == "lr=0.1,rule=a,seed=1"
    assert [point.folder for point in grid_points([], (7,))] == ["seed=7"]
    with pytest.raises(TaskError, match="lr is there twice"):
        list(grid_points([Axis("lr", (1,)), Axis("lr", (2,))], (1,)))


@given(st.text(min_size=1, max_size=20), st.integers(0, 9))
def test_a_folder_stays_within_its_own(text: str, seed: int) -> None:
    name = Point(seed, (("data", text),)).folder
    assert "/" not in name and "\0" not in name and name not in (".", "..")
