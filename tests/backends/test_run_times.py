"""Times that runs and callbacks ask for, on every backend: what docs/semantics.md says of them."""

import math

import pytest

from tests.backends.scripts import BACKENDS

# pyNN.nest itself runs where there are no intervals
WAYS = [*((backend, True) for backend in BACKENDS), ("nest", False)]
pytestmark = pytest.mark.parametrize(("backend", "intervals"), WAYS)

NOT_FINITE = [math.nan, math.inf, -math.inf, None, "5.0", [1.0, 2.0]]


@pytest.mark.parametrize(("function", "past"), [
    ("run", r"time does not go back"), ("run_for", r"time does not go back"),
    ("run_until", r"3 ms is in the past; it is 4 ms now"),
])
def test_times_that_cannot_come_are_errors_and_nothing_runs(on_backend, intervals, function, past):
    times = [*NOT_FINITE, 3.0 if function == "run_until" else -1.0]
    found, after = on_backend("refused_times", function, times, intervals)
    called = "run" if function == "run_for" else function
    for time, (kinds, message) in zip(times, found, strict=True):
        assert kinds[:1] == ["TimeError"] and {"SimulationError", "ValueError"} <= set(kinds)
        assert message.startswith(f"{called}({time!r}): ")
    assert all(f"cannot end at {time} ms; give a finite time" in message
               for time, (_, message) in zip(NOT_FINITE, found, strict=False))
    assert past in found[-1][1]
    assert after == [4.0] * len(times)


def test_what_rounding_makes_of_now_is_now(on_backend, intervals):
    assert on_backend("allowed_times", intervals) == [4.0, 4.0, 4.0, 4.0, 4.0, 6.0]


def test_callbacks_are_called_at_both_ends_and_when_they_asked(on_backend, intervals):
    # at the end as PyNN does it: the one that is due, and then what it answers does not matter
    times, (kinds, _), now = on_backend(
        "calls", [[2.0, 5.0, 99.0, None], [math.inf]], 9.0, intervals)
    assert (times, kinds, now) == ([[0.0, 2.0, 5.0, 9.0], [0.0]], [], 9.0)


@pytest.mark.parametrize(("answers", "when"), [
    ([0.0], 0.0), ([-1.0], 0.0), ([math.nan], 0.0), ([None], 0.0), (["6"], 0.0),
    ([3.0, 3.0], 3.0), ([3.0, 1.0], 3.0), ([3.0, 3.0 + 1e-12], 3.0), ([3.0, -math.inf], 3.0),
])
def test_a_callback_that_asks_for_no_later_time_is_named(on_backend, intervals, answers, when):
    times, (kinds, message), now = on_backend("calls", [[20.0], answers], 9.0, intervals)
    assert kinds[0] == "TimeError"
    assert message == (f"callback Bell asked at {when:g} ms to be called next at {answers[-1]!r}; "
                       "it must return a later time in ms, or math.inf for never")
    assert now == when and times[1] == [0.0, 3.0][:len(answers)]


@pytest.mark.parametrize(("kind", "name"), [
    ("function", "refused_callback.<locals>.stuck"), ("lambda", "refused_callback.<locals>."),
    ("partial", "refused_callback.<locals>.stuck"), ("object", "Bell"),
])
def test_any_callable_has_a_name(on_backend, intervals, kind, name):
    _, message = on_backend("refused_callback", kind)
    assert message.startswith(f"callback {name}")
