"""Sequences of calls between runs, on all backends, against the host; SpiNNaker's on a board.

The host in float64 is the witness of JAX, NEST, Brian2 and the reference, that in fixed point of
SpiNNaker's cores, bit for bit.
"""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings

import pynn_eprop.host as host
from tests.backends import scripts
from tests.backends.sequences import Sequence, T, compare, play, sequences

SLOW = list(HealthCheck)
RUN, AGAIN = ("run", T), ("reset", False)
ON_NEST = {"reset", "initialize", "learning", "checkpoint", "bias of one", "record"}
"""Operations that NEST refuses before its first run, or whose results cannot be compared."""


def close(found: np.ndarray, expected: np.ndarray) -> bool:
    return bool(np.allclose(found, expected, rtol=1e-9, atol=1e-11, equal_nan=True))


def exact(found: np.ndarray, expected: np.ndarray) -> bool:
    return bool(np.array_equal(found, expected, equal_nan=True))


@settings(max_examples=10, suppress_health_check=SLOW)
@given(sequences(analog=True))
@example(Sequence((RUN, ("reset", True), AGAIN, RUN)))
@example(Sequence((("run", 0.0), AGAIN, RUN)))
@example(Sequence((RUN, ("weight", "in", 0.6, True), ("reset", True), ("delay", "in", 2.0, True),
                   RUN), learns=False))
@example(Sequence((RUN, ("readout", {"tau_m": 5.0}), RUN), trials=2))
def test_brian2_does_what_the_host_does(sequence: Sequence) -> None:
    sim = pytest.importorskip("pynn_eprop.brian2")
    expected = play(host, sequence, precision="float64")
    compare(play(sim, sequence, expected=expected.outcomes), expected, sequence, close)


@settings(max_examples=25, suppress_health_check=SLOW)
@given(sequences(analog=True))
@example(Sequence((RUN, ("readout", {"tau_m": 5.0}), RUN), trials=2))
def test_the_reference_does_what_the_engine_does(sequence: Sequence) -> None:
    expected = play(host, sequence, precision="float64")
    found = play(host, sequence, expected=expected.outcomes, machine="reference")
    assert compare(found, expected, sequence, close)


@settings(max_examples=5, suppress_health_check=SLOW)
@given(sequences(analog=True))
@example(Sequence((RUN, ("readout", {"tau_m": 5.0}), RUN), trials=2))
@example(Sequence((RUN, ("reset", True), ("weight", "in", 0.6, True), ("delay", "in", 2.0, True),
                   RUN), learns=False))
def test_jax_does_what_the_host_does(sequence: Sequence) -> None:
    sim = pytest.importorskip("pynn_eprop.jax")
    expected = play(host, sequence, precision="float64")
    found = play(sim, sequence, expected=expected.outcomes, precision="float64")
    assert compare(found, expected, sequence, close)


def test_nest_does_what_the_host_does(nest_process: ProcessPoolExecutor) -> None:
    @settings(max_examples=20, suppress_health_check=SLOW)
    @given(sequences(without=ON_NEST))
    def property_of(drawn: Sequence) -> None:
        sequence = replace(drawn, biases=False, trials=1, symmetric=False)
        expected = play(host, sequence, precision="float64")
        found = nest_process.submit(
            scripts.call, "nest", "sequences.played", sequence, expected.outcomes, False,
            {"quirks": "allow"}).result(timeout=300)
        compare(found, expected, sequence, close)

    property_of()


@pytest.fixture(scope="module")
def on_cores() -> Iterator[Any]:
    """The SpiNNaker backend with an emulated board."""
    pytest.importorskip("spynnaker", reason="the test needs sPyNNaker")
    from pynn_eprop.emulator import Board
    with Board(chips=4, real_time=False):
        import pynn_eprop.spinnaker as sim
        yield sim
        sim.end()


@settings(max_examples=10, suppress_health_check=SLOW)
@given(sequences(analog=True))
# weights set at time 0 are what the next reset() goes back to, in formats that hold them
@example(Sequence((RUN, AGAIN, ("weight", "in", 0.6, False), ("weight", "static", 40.0, True), RUN,
                   AGAIN, RUN)))
# what is kept has the formats that it was learned in; what begins again, new ones
@example(Sequence((RUN, ("readout", {"target": 200.0}), ("reset", True), RUN, AGAIN, RUN)))
@example(Sequence((RUN, ("reset", True), ("weight", "in", 0.3, True), ("reset", True),
                   ("record", "h"), RUN, ("readout", {"bias": 0.2}), ("record", "error"), RUN)))
# after reset() cells that were alike can become different, within an update nothing else can
@example(Sequence((RUN, AGAIN, ("cells", {"v_thresh": [0.4, 0.4, 0.7]}), RUN,
                   ("readout", {"tau_m": 5.0}), RUN), trials=2))
@example(Sequence((RUN, ("weight", "static", 0.3, True), ("cells", {"tau_m": 5.0}),
                   ("reset", True), ("record", "h"), RUN), symmetric=True))
def test_cores_do_what_the_host_does(on_cores: Any, sequence: Sequence) -> None:
    expected = play(host, sequence, precision="fixed")
    found = play(on_cores, sequence, expected=expected.outcomes, quiet=True, max_rate=300.0)
    compare(found, expected, sequence, exact)


def test_what_is_kept_in_fixed_point_is_kept_whatever_else_has_changed() -> None:
    # errors of 1e4 need fewer bits than those of 1: what was learned with more must not be read
    # with fewer
    sequence = Sequence((RUN,))
    host.setup(timestep=1.0)
    played = play(host, sequence, precision="fixed")
    state = host.simulator.state.simulation
    into, _, out, _ = state.projections
    readout = state.populations[2]
    learned = [each.get(what, "list", with_address=False) for each in (into, out)
               for what in ("weight", "gradient")]
    np.testing.assert_array_equal(learned[0], played.found[0]["in weight"])
    readout.set(target=np.full((2, int(T)), 1e4))
    host.reset(keep_weights=True)
    kept = [each.get(what, "list", with_address=False) for each in (into, out)
            for what in ("weight", "gradient")]
    assert kept == learned
