"""Times that runs and callbacks ask for, on every backend: what docs/semantics.md says of them."""

import math

import pytest

from tests.backends.scripts import BACKENDS

# without intervals pyNN.nest itself runs
WAYS = [*((backend, True) for backend in BACKENDS), ("nest", False)]
either_way = pytest.mark.parametrize(("backend", "intervals"), WAYS)

NOT_FINITE = [math.nan, math.inf, -math.inf, None, "5.0", [1.0, 2.0]]


@either_way
@pytest.mark.parametrize(("function", "past"), [
    ("run", r"time does not go back"), ("run_for", r"time does not go back"),
    ("run_until", r"3 ms is in the past; it is 4 ms now"),
])
def test_times_that_cannot_come_are_errors_and_nothing_runs(on_backend, intervals, function, past):
    times = [*NOT_FINITE, 3.0 if function == "run_until" else -1.0]
    found, after = on_backend("run_times.refused_times", function, times, intervals)
    called = "run" if function == "run_for" else function
    for time, (kinds, message) in zip(times, found, strict=True):
        assert kinds[:1] == ["TimeError"] and {"SimulationError", "ValueError"} <= set(kinds)
        assert message.startswith(f"{called}({time!r}): ")
    assert all(f"cannot end at {time} ms; give a finite time" in message
               for time, (_, message) in zip(NOT_FINITE, found, strict=False))
    assert past in found[-1][1]
    assert after == [4.0] * len(times)


@either_way
def test_what_rounding_makes_of_now_is_now(on_backend, intervals):
    assert on_backend("run_times.allowed_times", intervals) == [4.0, 4.0, 4.0, 4.0, 4.0, 6.0]


@either_way
def test_callbacks_are_called_at_both_ends_and_when_they_asked(on_backend, intervals):
    # at the end as PyNN does it: the one that is due, and then what it answers does not matter
    times, (kinds, _), now = on_backend(
        "run_times.calls", [[2.0, 5.0, 99.0, None], [math.inf]], 9.0, intervals)
    assert (times, kinds, now) == ([[0.0, 2.0, 5.0, 9.0], [0.0]], [], 9.0)


@either_way
def test_a_time_off_the_grid_is_refused_and_the_times_beside_it_are_named(on_backend, intervals):
    near = {("run", 2.5): "2 and 3", ("run_for", 0.4): "0 and 1", ("run_until", 6.9999): "6 and 7",
            ("run_until", 4.5): "4 and 5", ("run", 100000.5): "100000 and 100001"}
    found, after = on_backend("run_times.refused_calls", list(near), intervals)
    for (function, time), (kinds, message) in zip(near, found, strict=True):
        called = "run" if function == "run_for" else function
        assert kinds[:1] == ["TimeError"]
        assert message == (f"{called}({time!r}): not a whole number of time steps of 1 ms; near it "
                           f"are {near[function, time]} ms")
    assert after == 4.0


@either_way
def test_a_callback_that_asks_for_a_time_off_the_grid_is_named(on_backend, intervals):
    times, (kinds, message), now = on_backend(
        "run_times.calls", [[20.0], [3.0, 5.5]], 9.0, intervals)
    assert kinds[:1] == ["TimeError"]
    assert message == ("callback Bell asked at 3 ms to be called next at 5.5: not a whole number "
                       "of time steps of 1 ms; near it are 5 and 6 ms")
    assert (times, now) == ([[0.0], [0.0, 3.0]], 3.0)


@either_way
def test_times_one_step_apart_are_two_times(on_backend, intervals):
    # 0.3 - 0.2 is less than 0.1 in binary
    times, _, _ = on_backend(
        "run_times.calls", [[0.2, 99.0], [0.3, 98.0, 0.0]], 0.4, intervals, 0.1)
    assert times == [[0.0, 0.2], [0.0, 0.3, 0.4]]


@pytest.mark.parametrize(("backend", "intervals", "count"), [
    ("host", True, 1000), ("jax", True, 70), ("nest", True, 70), ("nest", False, 70),
    ("brian2", True, 7), ("spinnaker", True, 2)])
def test_steps_of_a_tenth_add_up(on_backend, intervals, count):
    # three of them are 0.30000000000000004, eight 0.7999999999999999
    assert on_backend("run_times.single_steps", intervals, 0.1, count) == (
        count / 10, (count + 3) / 10)


def test_spikes_go_to_the_nearest_step_and_from_halfway_to_the_later(on_backend):
    assert on_backend("run_times.spikes_of_times", [1.5, 2.5, 3.5, 5.49, 6.51, 7.999999999]) == [
        2.0, 3.0, 4.0, 5.0, 7.0, 8.0]


STOCK = pytest.mark.parametrize("backend", ["host", "jax", "nest", "brian2"])   # with currents


@STOCK
@pytest.mark.parametrize(("kind", "between", "on_grid"), [
    ("DCSource", {"amplitude": 0.5, "start": 2.5, "stop": 6.2},
     {"amplitude": 0.5, "start": 3.0, "stop": 7.0}),
    ("ACSource", {"amplitude": 0.5, "frequency": 80.0, "start": 2.5, "stop": 6.5},
     {"amplitude": 0.5, "frequency": 80.0, "start": 3.0, "stop": 7.0}),
    ("StepCurrentSource", {"amplitudes": [0.5, 0.2, 0.0], "times": [2.5, 5.4, 5.5]},
     {"amplitudes": [0.5, 0.2, 0.0], "times": [3.0, 5.0, 6.0]}),
])
def test_currents_change_on_the_grid(on_backend, kind, between, on_grid):
    # start <= t < stop at the steps t, and the nearest step for each time of a list
    moved, expected = on_backend("run_times.voltages_of_currents", kind, [between, on_grid])
    assert moved == expected and len(set(expected)) > 3


def test_samples_of_stock_cells_off_the_grid_are_refused(on_backend):
    (kinds, message), (none, _) = on_backend("run_times.refused_sampling")
    assert kinds[0] == none[0] == "RecordingError"
    assert message == ("cell: sampling_interval=1.5 ms is not a whole number of time steps of 1 "
                       "ms; near it are 1 and 2 ms")


@STOCK
def test_noise_cannot_change_off_the_grid(on_backend):
    kinds, message = on_backend("run_times.refused_current", "NoisyCurrentSource", {
        "mean": 0.0, "stdev": 0.5, "dt": 1.5})
    assert kinds[:1] == ["ParameterError"]
    assert message == ("NoisyCurrentSource: dt=1.5 ms is not a whole number of time steps of 1 ms; "
                       "near it are 1 and 2 ms")


@either_way
@pytest.mark.parametrize(("answers", "when"), [
    ([0.0], 0.0), ([-1.0], 0.0), ([math.nan], 0.0), ([None], 0.0), (["6"], 0.0),
    ([3.0, 3.0], 3.0), ([3.0, 1.0], 3.0), ([3.0, 3.0 + 1e-12], 3.0), ([3.0, -math.inf], 3.0),
])
def test_a_callback_that_asks_for_no_later_time_is_named(on_backend, intervals, answers, when):
    times, (kinds, message), now = on_backend("run_times.calls", [[20.0], answers], 9.0, intervals)
    assert kinds[0] == "TimeError"
    assert message == (f"callback Bell asked at {when:g} ms to be called next at {answers[-1]!r}; "
                       "it must return a later time in ms, or math.inf for never")
    assert now == when and times[1] == [0.0, 3.0][:len(answers)]


@either_way
@pytest.mark.parametrize(("kind", "name"), [
    ("function", "refused_callback.<locals>.stuck"), ("lambda", "refused_callback.<locals>."),
    ("partial", "refused_callback.<locals>.stuck"), ("object", "Bell"),
])
def test_any_callable_has_a_name(on_backend, intervals, kind, name):
    _, message = on_backend("run_times.refused_callback", kind)
    assert message.startswith(f"callback {name}")
