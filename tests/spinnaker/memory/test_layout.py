"""Host and core have one layout: what Python packs with beside what the C headers declare.

cffi reads sizes and places of fields from the headers by itself; the assertions in layout.h are
what the core's compiler checks.
"""

import runpy
from pathlib import Path

import pytest

pytest.importorskip("spynnaker", reason="the backend needs sPyNNaker")

from cffi import FFI

from pynn_eprop.engine import fixed_constants
from pynn_eprop.engine._eprop import lib
from pynn_eprop.spinnaker.memory import layout

C_MODELS = Path(__file__).parents[3] / "c_models"
KERNELS, LAYOUT = "include/eprop/fixed/constants.h", "spinnaker/layout.h"
OPTIMIZERS = "include/eprop/optimizer_kind.h"


@pytest.fixture(scope="module")
def headers():
    declarations = runpy.run_path(str(C_MODELS / "extension.py"))["declarations"]
    ffi = FFI()
    for header in (OPTIMIZERS, KERNELS, LAYOUT):
        lines = declarations((C_MODELS / header).read_text()).splitlines()
        ffi.cdef("\n".join(line for line in lines if not line.startswith("LAYOUT_ASSERT")))
    return ffi


STRUCTURES = (*layout.KERNEL_STRUCTURES, *layout.STRUCTURES)


@pytest.mark.parametrize("structure", STRUCTURES, ids=lambda structure: structure.name)
def test_structures_are_those_of_the_headers(headers, structure):
    declared = headers.typeof(structure.name)
    assert [(name, field.type.cname, field.offset) for name, field in declared.fields] == [
        (field.name, field.ctype, structure.dtype.fields[field.name][1])
        for field in structure.fields]
    assert headers.sizeof(structure.name) == structure.dtype.itemsize


@pytest.mark.parametrize("structure", STRUCTURES, ids=lambda structure: structure.name)
def test_the_header_asserts_every_size_and_place(structure):
    text = (C_MODELS / LAYOUT).read_text()
    assert f"LAYOUT_ASSERT(sizeof({structure.name}) == {structure.dtype.itemsize});" in text
    for name, (_, offset, *_) in structure.dtype.fields.items():
        assert f"LAYOUT_ASSERT(offsetof({structure.name}, {name}) == {offset});" in text


def test_constants_that_the_engine_computes_have_the_type_that_cores_are_sent():
    for computed, sent in ((fixed_constants.CELLS, layout.CELLS),
                           (fixed_constants.FILTER, layout.FILTER),
                           (fixed_constants.OPTIMIZER_STEP, layout.OPTIMIZER_STEP)):
        assert computed == sent.dtype


def test_states_of_synapses(headers):
    """gradient int64, Adam's v uint64, m and master int32, in this order."""
    constants = headers.dlopen(None)
    assert (constants.STATE_SGD_GRADIENT, constants.STATE_SGD_MASTER,
            constants.STATE_SGD_BYTES) == (0, 8, 12)
    assert (constants.STATE_ADAM_GRADIENT, constants.STATE_ADAM_V, constants.STATE_ADAM_M,
            constants.STATE_ADAM_MASTER, constants.STATE_ADAM_BYTES) == (0, 8, 16, 20, 24)
    for kind, size in ((layout.SGD, 12), (layout.ADAM, 24)):
        assert layout.lanes_type(layout.STATE_ROW[kind], 8).itemsize == 8 * size


def test_numbers_of_losses_and_optimisers(headers):
    assert (layout.Loss.NONE, layout.Loss.SQUARED, layout.Loss.CROSS_ENTROPY) == (
        lib.EPROP_NO_LOSS, lib.EPROP_MSE, lib.EPROP_CROSS_ENTROPY)
    constants = headers.dlopen(None)
    assert (layout.SGD, layout.ADAM) == (constants.EP_SGD, constants.EP_ADAM)
