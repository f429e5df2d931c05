"""Region CELLS. Expected constants: :mod:`tests.engine.test_fixed_constants`."""

import numpy as np
import pytest

pytest.importorskip("spynnaker", reason="the backend needs sPyNNaker")

from hypothesis import given
from hypothesis import strategies as st

from pynn_eprop.engine import fixed_constants
from pynn_eprop.fixed.formats import choose_formats
from pynn_eprop.models.optimizers import Adam
from pynn_eprop.spinnaker.memory.cells import (
    put_bias,
    read_bias,
    readout_region,
    spiking_region,
    with_state_of,
)
from pynn_eprop.spinnaker.memory.lanes import Part
from pynn_eprop.spinnaker.memory.layout import CELL_ARRAYS, CELL_GROUP, READOUT_CELLS, lanes_type
from tests.descriptions import alif, lif, network, readouts

LANES = 16


def unpacked(region: bytes, groups: int) -> tuple[np.ndarray, np.ndarray]:
    """The groups in a region of spiking cells, and its arrays."""
    arrays = np.frombuffer(region, lanes_type(CELL_ARRAYS, LANES), 1,
                           groups * CELL_GROUP.dtype.itemsize)[0]
    assert len(region) == groups * CELL_GROUP.dtype.itemsize + arrays.nbytes
    return np.frombuffer(region, CELL_GROUP.dtype, groups), arrays


@given(st.lists(st.sampled_from([0.6, 0.6, 0.7]), min_size=1, max_size=12), st.integers(0, 5))
def test_neighbours_with_equal_parameters_are_a_group(thresholds, first):
    first = min(first, len(thresholds) - 1)
    cells = alif(len(thresholds), v_thresh=np.array(thresholds))
    net = network([cells])
    formats, here = choose_formats(net), thresholds[first:]
    groups, _ = unpacked(*(spiking_region(net, formats, Part(0, first, len(here)), LANES)))
    step, backward = fixed_constants.cell_constants(cells, 1.0, formats.signal_bits[0], first,
                                                    len(here))
    starts = [cell for cell in range(len(here)) if cell == 0 or here[cell] != here[cell - 1]]
    assert groups["first"].tolist() == starts
    assert groups["count"].tolist() == np.diff([*starts, len(here)]).tolist()
    assert groups["cells"].tolist() == step[starts].tolist()
    assert groups["filter"].tolist() == backward[starts].tolist()


def test_arrays_are_of_the_part_and_end_with_zeros():
    net = network([alif(4, v_initial=np.array([0.0, 0.25, 0.5, 1.0]), a_initial=2.0,
                        c_reg=np.array([0.0, 1.0, 2.0, 3.0]), f_target=10.0)],
                  interval_steps=500)
    formats = choose_formats(net)
    groups, arrays = unpacked(*spiking_region(net, formats, Part(0, 1, 3), LANES))
    unit = 2 ** (formats.signal_bits[0] + 8)
    # Q15 and Q19 of docs/fixed_point.md; 500 ms are half a second
    assert arrays["v_initial"].tolist() == [2 ** 13, 2 ** 14, 2 ** 15, *[0] * 13]
    assert arrays["a_initial"].tolist() == [2 ** 20] * 3 + [0] * 13
    assert arrays["rate_gain"].tolist() == [min(2 * c * unit, 2 ** 31 - 1) for c in (1, 2, 3)] \
        + [0] * 13
    assert arrays["rate_offset"].tolist() == [-10 * c * unit for c in (1, 2, 3)] + [0] * 13
    assert groups["count"].tolist() == [3]


def test_without_intervals_there_are_no_rate_terms():
    net = network([lif(2, c_reg=1.0)], interval_steps=None)
    _, arrays = unpacked(*spiking_region(net, choose_formats(net), Part(0, 0, 2), LANES))
    assert not np.any(arrays["rate_gain"]) and not np.any(arrays["rate_offset"])


def test_biases_that_are_put_are_read_and_survive_new_parameters():
    net = network([readouts(3, bias=0.5, bias_optimizer=Adam())], interval_steps=10)
    formats, part = choose_formats(net), Part(0, 0, 3)
    region = readout_region(net, formats, part, LANES)
    assert len(region) == READOUT_CELLS.dtype.itemsize + LANES * (4 + 4 + 24)
    assert read_bias(region, 3, LANES).tolist() == [0.5, 0.5, 0.5]
    learned = put_bias(region, np.array([-1.0, 0.0, 2.0]), LANES)
    other = network([readouts(3, bias=0.5, y_initial=0.25, tau_m=5.0, bias_optimizer=Adam())],
                    interval_steps=10)
    fresh = readout_region(other, formats, part, LANES)
    merged = with_state_of(fresh, learned, LANES)
    assert read_bias(merged, 3, LANES).tolist() == [-1.0, 0.0, 2.0]
    head = READOUT_CELLS.dtype.itemsize + 4 * LANES
    assert merged[:head] == fresh[:head] and merged[head:] == learned[head:]
