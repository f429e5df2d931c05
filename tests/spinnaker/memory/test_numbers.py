"""NumPy's conversions to fixed point beside those of the host engine, compiled from its headers."""

import ctypes
import fcntl
import os
import subprocess
from functools import cache
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("spynnaker", reason="the backend needs sPyNNaker")

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pynn_eprop import SGD, Adam
from pynn_eprop.engine import parameters
from pynn_eprop.engine._eprop import ffi
from pynn_eprop.errors import UnsupportedError
from pynn_eprop.fixed.formats import choose_formats, slope_bits
from pynn_eprop.fixed.numbers import LARGEST, to_fixed, wire_weights
from pynn_eprop.models.optimizers import StepDecay
from pynn_eprop.models.pseudo_derivatives import PiecewiseLinear
from pynn_eprop.spinnaker.memory.cells import spiking_region
from pynn_eprop.spinnaker.memory.lanes import Part
from pynn_eprop.spinnaker.memory.layout import CELL_GROUP
from pynn_eprop.spinnaker.memory.numbers import (
    LIMIT,
    NO_TARGET,
    STEP_WORDS,
    Learner,
    to_decay,
    to_states,
    to_targets,
)
from tests.descriptions import alif, lif, network

ROOT = Path(__file__).parents[3]
SOURCE = Path(__file__).parent / "conversions.c"


@cache
def engine() -> ctypes.CDLL:
    """The conversions, compiled."""
    folder = ROOT / "build/spinnaker/tests"
    folder.mkdir(parents=True, exist_ok=True)
    library = folder / "conversions.so"
    with (folder / "conversions.lock").open("w") as lock:   # tests may run in several processes
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run(
            [os.environ.get("CC", "cc"), "-std=c11", "-O1", "-shared", "-fPIC", "-pthread", "-Wall",
             "-Wextra", "-D_POSIX_C_SOURCE=200809L", f"-I{ROOT / 'c_models/include'}",
             f"-I{ROOT / 'c_models/host'}", SOURCE, ROOT / "c_models/threads/pool.c", "-o",
             library, "-lm"], check=True)
        compiled = ctypes.CDLL(str(library))
    for name, result in (("fixed", ctypes.c_int32), ("state", ctypes.c_int32),
                         ("decay", ctypes.c_int32), ("wire", ctypes.c_int16)):
        getattr(compiled, f"conversion_{name}").restype = result
    return compiled


def address(pointer: object) -> ctypes.c_void_p:
    return ctypes.c_void_p(int(ffi.cast("uintptr_t", pointer)))


values = st.one_of(st.floats(-4.0, 4.0), st.floats(-1e9, 1e9), st.sampled_from([0.0, -0.0, 0.5]),
                   st.integers(-2 ** 20, 2 ** 20).map(lambda half: (half + 0.5) / 2 ** 15))


@given(st.lists(values, min_size=1, max_size=20), st.integers(0, 31))
def test_values_and_states(numbers, bits):
    for ours, theirs in ((to_fixed, engine().conversion_fixed),
                         (to_states, engine().conversion_state)):
        expected = [theirs(ctypes.c_double(each), bits) for each in numbers]
        assert ours(numbers, bits).tolist() == expected


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=20))
def test_decays(numbers):
    expected = [engine().conversion_decay(ctypes.c_double(each)) for each in numbers]
    assert to_decay(np.array(numbers)).tolist() == expected
    assert int(to_decay(numbers[0])) == expected[0]


@given(st.lists(st.one_of(st.integers(-LARGEST, LARGEST),
                          st.integers(LARGEST - 2 ** 17, LARGEST),
                          st.integers(-2 ** 15, 2 ** 15 - 1).map(lambda w: (w << 16) + 2 ** 15)
                          ), min_size=1, max_size=20))
def test_weights_that_travel(masters):
    masters = np.clip(np.array(masters, np.int64), -LARGEST, LARGEST).astype(np.int32)
    assert wire_weights(masters).tolist() == [engine().conversion_wire(int(each))
                                              for each in masters]


def test_limits_of_the_formats():
    """Numbers of docs/fixed_point.md, worked out by hand."""
    assert to_fixed([1.0, -1.0, 2.0 ** -16, 3 * 2.0 ** -16], 15).tolist() == [32768, -32768, 0, 2]
    assert to_fixed([1e9, -1e9], 15).tolist() == [2 ** 31 - 1, -(2 ** 31 - 1)]
    assert to_states([1e9, -1e9], 15).tolist() == [LIMIT - 1, -LIMIT]
    assert to_targets([np.nan, 0.5], 15).tolist() == [NO_TARGET, 2 ** 14]
    assert to_decay(np.array([0.25, 0.75, 1.0])).tolist() == [2 ** 30, -(2 ** 30), -1]


schedules = st.builds(StepDecay, st.floats(0.1, 1.0), st.integers(1, 200))
optimizers = st.one_of(
    st.builds(SGD, lr=st.floats(0.0, 10.0), schedule=schedules),
    st.builds(Adam, lr=st.floats(0.0, 10.0), beta1=st.floats(0.0, 0.99),
              beta2=st.floats(0.51, 0.99999), eps=st.floats(1e-12, 1.0), eps_hat=st.booleans(),
              schedule=schedules))
bounds = st.one_of(st.just((-np.inf, np.inf)), st.tuples(st.floats(-8, 0), st.floats(0, 8)),
                   st.floats(0, 8).map(lambda most: (-np.inf, most)))


@settings(max_examples=300)
@given(optimizers, bounds, st.integers(0, 2000), st.integers(18, 31), st.integers(8, 24))
def test_constants_of_an_update(optimizer, limits, updates, master_bits, gradient_bits):
    if isinstance(optimizer, Adam):      # others are refused before a network is laid out
        assume(optimizer.beta1 ** 2 < 0.999 * optimizer.beta2)
    described = ffi.new("eprop_optimizer *", parameters.optimizer(optimizer, *limits))
    expected = np.zeros(STEP_WORDS, np.int32)
    engine().conversion_optimizer(
        address(described), ctypes.c_int64(updates), master_bits, gradient_bits,
        expected.ctypes.data_as(ctypes.c_void_p))
    found = Learner(optimizer, *limits, master_bits, gradient_bits).step(updates)
    assert found.view(np.int32).tolist() == expected.tolist()


sizes = st.integers(1, 12)


@st.composite
def cells(draw):
    """Spiking cells whose parameters are equal in runs of cells."""
    size = draw(sizes)

    def parameter(low: float, high: float):
        few = draw(st.lists(st.floats(low, high), min_size=1, max_size=2))
        return np.array([few[draw(st.integers(0, len(few) - 1))] for _ in range(size)])

    options = {"tau_m": parameter(0.5, 50.0), "v_thresh": parameter(0.05, 2.0),
               "refractory_steps": draw(st.integers(0, 20)), "v_initial": parameter(-1.0, 1.0),
               "pseudo_derivative": PiecewiseLinear(draw(st.floats(0.05, 4.0)),
                                                    draw(st.floats(0.2, 4.0)))}
    if draw(st.booleans()):
        return alif(size, beta=parameter(-3.0, 3.0), tau_a=parameter(0.5, 1000.0),
                    a_initial=parameter(-1.0, 1.0), **options)
    return lif(size, **options)


@given(cells(), st.sampled_from([1.0, 0.1]), st.integers(1, 5))
def test_constants_of_cells(described, timestep, first):
    first = min(first, described.size) - 1
    net = network([described], timestep=timestep)
    try:
        formats = choose_formats(net)
    except UnsupportedError:
        assume(False)
    part = Part(0, first, described.size - first)
    region, count = spiking_region(net, formats, part, 16)
    groups = np.frombuffer(region, CELL_GROUP.dtype, count)
    assert groups["count"].sum() == part.size
    arrays = parameters.Arrays()
    given_to_engine = address(parameters.spiking_cells(described, timestep, arrays))
    step, backward = np.zeros(7, np.int32), np.zeros(5, np.int32)
    bits = ctypes.c_int32()
    for group in groups:
        for cell in range(group["first"], group["first"] + group["count"]):
            engine().conversion_cell(
                given_to_engine, first + int(cell), step.ctypes.data_as(ctypes.c_void_p),
                backward.ctypes.data_as(ctypes.c_void_p), ctypes.byref(bits))
            assert group["cells"].tolist() == step.tolist()
            assert group["filter"].tolist() == backward.tolist()
    assert slope_bits(described) == bits.value
    v = np.frombuffer(region, "<i4", part.size, count * CELL_GROUP.dtype.itemsize)
    assert v.tolist() == [engine().conversion_state(ctypes.c_double(each), 15)
                          for each in described.v_initial[first:]]


@pytest.mark.parametrize("size", [1, 9])
def test_equal_cells_are_one_group(size):
    net = network([lif(size)])
    assert spiking_region(net, choose_formats(net), Part(0, 0, size), 16)[1] == 1
