"""Eligibility traces of chosen synapses, recorded by scripts; and who refuses them.

The reference carries traces forward in time as the paper writes them; expected values are its own.
"""

import numpy as np
import pytest

from tests.backends import scripts
from tests.backends.scripts import IN_PROCESS

ABLE = (*IN_PROCESS, "brian2")
#: Machines that record traces, with the arguments of setup(), and how far they are from the
#: reference, relative to the largest value.
MACHINES = {"host": ("host", {"precision": "float64"}, 1e-10),
            "float32": ("host", {"precision": "float32"}, 1e-4),
            "fixed": ("host", {"precision": "fixed"}, 0.02),
            "jax": ("jax", {"precision": "float64"}, 1e-10),
            "brian2": ("brian2", {}, 1e-10)}
REFERENCE = {"machine": "reference"}
STOPS = [1.0, 7.0, 20.0, 45.0, 60.0, 61.0, 90.0]


def call(machine, name, *arguments, **more):
    """A script on a machine, or on the reference."""
    backend, setup, _ = MACHINES.get(machine, ("host", REFERENCE, 0.0))
    script = name.partition(".")[2]
    from importlib import import_module
    return getattr(import_module("tests.backends.scripts.synapse_recording"), script)(
        import_module(f"pynn_eprop.{backend}"), *arguments, **setup, **more)


@pytest.mark.parametrize("backend", ABLE)
def test_what_cannot_be_recorded_is_refused_before_anything_changes(on_backend):
    found = on_backend("synapse_recording.refusals")
    for (kinds, message), (kind, words) in zip(found, [
            ("UnsupportedError", "without an optimizer has no learning rule"),
            ("UnsupportedError", "LearningSignal without an optimizer"),
            ("UnsupportedError", "(readout) have no eligibility trace of a rule"),
            ("UnknownVariableError", "available variables are eligibility_trace"),
            ("ArgumentError", "a name or a list of names"),
            ("SelectionError", "no synapse from cell 0 to cell 3"),
            ("ArgumentError", "a list of pairs (pre, post)"),
            ("ArgumentError", "a list of pairs (pre, post)"),
            ("ArgumentError", "a list of pairs (pre, post)"),
            ("SelectionError", "synapses=13 of its 12 cannot be recorded; choose 1 to 12"),
            ("SelectionError", "synapses=0 of its 12"),
            ("ArgumentError", "rng=3 must be a generator"),
            ("RecordingError", "sampling_interval"),
            ("ArgumentError", "sampling_interval must be a number"),
            ("NothingRecordedError", "call record('eligibility_trace') before the run"),
    ], strict=True):
        assert kind in kinds and "EPropError" in kinds, message
        assert words in message


@pytest.mark.parametrize("backend", sorted(set(scripts.BACKENDS) - set(ABLE)))
def test_backends_without_traces_refuse_by_name_and_name_the_others(on_backend):
    kinds, message = on_backend("synapse_recording.refused_at_all")
    assert kinds[0] == "UnsupportedError"
    assert message.startswith("in lif: ")
    assert "pynn_eprop.host, pynn_eprop.jax and pynn_eprop.brian2" in message


@pytest.mark.parametrize("boundary", ["reset", "continuous"])
@pytest.mark.parametrize("machine", MACHINES)
def test_samples_are_those_of_the_reference_in_the_same_form(machine, boundary):
    if machine == "fixed" and boundary == "continuous":
        pytest.skip("fixed point learns with boundary 'reset' only")
    expected = call("reference", "synapse_recording.values", [90.0], boundary)
    found = call(machine, "synapse_recording.values", [90.0], boundary)
    assert expected["in lif"][0] == list(np.arange(91.0))
    assert expected["in alif"][0] == list(np.arange(0.0, 91.0, 3.0))
    assert len(expected["in alif"][1]) == 5
    assert expected["lif alif"][1:3] == [[0, 2], [1, 0]]
    assert expected["in lif"][4:] == ["eligibility_trace", "in lif", "dimensionless", "in lif"]
    for label, (times, pre, post, values, *about) in expected.items():
        *others, samples = found[label][:4]
        assert others == [times, pre, post] and found[label][4:] == about
        values, samples = np.array(values), np.array(samples)
        assert np.abs(values).max() > 0.01
        assert not np.any(values[0])
        np.testing.assert_allclose(samples, values, rtol=0,
                                   atol=MACHINES[machine][2] * np.abs(values).max())


@pytest.mark.parametrize("boundary", ["reset", "continuous"])
@pytest.mark.parametrize("machine", ["reference", *MACHINES])
def test_runs_cut_anywhere_give_the_same_numbers(machine, boundary):
    if machine == "fixed" and boundary == "continuous":
        pytest.skip("fixed point learns with boundary 'reset' only")
    assert call(machine, "synapse_recording.values", STOPS, boundary) \
        == call(machine, "synapse_recording.values", [90.0], boundary)


@pytest.mark.parametrize("machine", ["reference", *MACHINES])
def test_cleared_data_go_on_with_the_present_sample_and_resets_begin_segments(machine):
    whole, parts, segments = call(machine, "synapse_recording.cleared")
    joined = parts[0][1]
    for begin, samples in parts[1:]:
        assert begin == len(joined) - 1
        assert samples[0] == joined[-1]
        joined = joined + samples[1:]
    assert joined == whole
    assert segments[-2:] == [whole[:26], whole[:26]]


@pytest.mark.parametrize("machine", ["reference", *MACHINES])
def test_traces_are_there_without_learning(machine):
    learning, off = call(machine, "synapse_recording.without_learning")
    assert learning == off
    assert np.abs(learning).max() > 0.01


@pytest.mark.parametrize("machine", ["reference", *MACHINES])
def test_recording_begins_where_traces_begin_at_0(machine):
    if machine == "fixed":
        pytest.skip("fixed point has no boundary 'continuous', which ends the script")
    within, (begin, samples), signals, continuous = call(
        machine, "synapse_recording.late_recordings")
    assert "RecordingError" in within[0] and "run() to its end at 40 ms" in within[1]
    assert begin == 40.0 and np.all(np.isnan(samples[0])) and np.abs(samples[1:]).max() > 0.01
    assert signals == 0
    assert "RecordingError" in continuous[0] and "before the first run(), or after reset()" \
        in continuous[1]
