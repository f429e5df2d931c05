"""Memory budgets of cores are large enough: layouts near the limits start on emulated cores.

A core that finds less memory of its own than it wants stops with NO_DTCM before its first step.
"""

import struct

import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

from pynn_eprop.emulator.layout import DTCM
from pynn_eprop.emulator.library import ffi, lib
from pynn_eprop.errors import NetworkError
from pynn_eprop.spinnaker.memory.layout import Provenance
from pynn_eprop.spinnaker.placement.budget import DTCM_BYTES
from tests.random_networks import Case, CellPlan, Plan, ReadoutPlan, make_case
from tests.spinnaker.twin import ChipNetwork, assert_twins, recordings_of

# cells of a core, adaptive, of many kinds; sources; readouts, populations of them; plan
LAYOUTS = {
    "many kinds of cells": (136, False, True, 100, 10, 1, {"wirings": ("sparse",),
                                                           "optimizers": ("sgd",)}),
    "many sources": (40, True, True, 1000, 3, 1, {"feedbacks": ("symmetric",)}),
    "128 cells": (128, True, True, 620, 3, 1, {}),
    "61 classes, twice": (80, False, False, 100, 61, 2, {"feedbacks": ("windowed",)}),
    "120 readouts": (40, False, True, 100, 120, 1, {"wirings": ("duplicates",)}),
    "many delays": (80, False, False, 300, 10, 1, {"delays": ("mixed",), "wirings": ("sparse",)}),
    "a block of synapses for each delay": (20, False, True, 5, 17, 3, {"delays": ("long",)}),
    "many learning signals": (8, False, False, 5, 61, 5, {}),
    "biases only": (40, False, False, 20, 3, 1, {"wirings": ("empty",)}),
    "few cells, many sources": (8, True, False, 200, 3, 1, {"delays": ("mixed",)}),
}
MESSAGES, EVENTS, CHANNELS, VARIABLES = 4 * 292 + 8, 16 * 28 + 8, 8 * 8, 24
"""What the official libraries take more of the heap: sark.h's NUM_SDP_MSGS and INIT_EVENTS, a head
of 8 bytes for each; recording.c's 20 bytes a channel, ours being 12; static variables."""
HEAP_ADDRESS, FREE_BYTES = 0x4C, 12     # of the vector table; of heap_t (sark.h)


def laid_out(cells: int, adaptive: bool, varied: bool, sources: int, readouts: int, copies: int,
             options: dict) -> Case:
    plan = Plan(interval_steps=100, sources=(sources,), stretches=((1, True),),
                cells=(CellPlan(cells, adaptive, varied=varied, rate_term=True),),
                readouts=(ReadoutPlan(readouts, bias_optimizer="adam"),) * copies, **options)
    return make_case(plan)


def heap_left(chip: ChipNetwork, core: int) -> int:
    """Bytes of its own memory that a core has not taken."""
    handle = chip.chip.machine.monitors[0, 0].chip.handle
    heap, = struct.unpack_from("<I", ffi.buffer(lib.emu_itcm(handle, core), 128), HEAP_ADDRESS)
    memory = ffi.buffer(lib.emu_dtcm(handle, core), DTCM_BYTES)
    return int(struct.unpack_from("<I", memory, heap - DTCM + FREE_BYTES)[0])


@pytest.mark.parametrize("name", LAYOUTS)
def test_layouts_near_the_limit_start(name):
    case = laid_out(*LAYOUTS[name])
    chip = ChipNetwork(case.network, recordings_of(case.network), max_rate=20.0,
                       neurons_per_core=LAYOUTS[name][0])
    try:
        chip.advance(1)
        assert chip.step == 1
        for number, vertex in chip.vertices.items():
            assert vertex.provenance[Provenance.LOST_PACKETS] == 0
            assert heap_left(chip, number + 1) >= MESSAGES + EVENTS + CHANNELS + VARIABLES
    finally:
        chip.close()


# 40 cells and 17 readouts: 680 mirrored weights, in one step or two, beside 17 errors
@pytest.mark.parametrize("interval", [1, 2, 3, None])
def test_the_receive_buffer_has_room_for_mirrored_weights_and_errors_of_a_step(interval):
    plan = Plan(interval_steps=interval, sources=(5,), stretches=((12, True),),
                cells=(CellPlan(40),), readouts=(ReadoutPlan(17),), feedbacks=("symmetric",),
                optimizers=("sgd",))
    assert_twins(make_case(plan))


def test_the_error_says_what_is_needed_and_what_there_is():
    case = laid_out(256, True, False, 100, 61, 1, {})
    with pytest.raises(NetworkError, match="own memory, and has 65536; use a smaller") as refusal:
        ChipNetwork(case.network, recordings_of(case.network), neurons_per_core=256)
    needed = int(str(refusal.value).split("needs ")[1].split()[0])
    assert needed > DTCM_BYTES
    smaller = ChipNetwork(case.network, recordings_of(case.network), neurons_per_core=64)
    assert [core.size for core in smaller.net.plan.of_population(1)] == [64] * 4


def test_more_mirrored_weights_than_a_core_can_take_at_once_are_refused_before_a_run():
    plan = Plan(interval_steps=2, sources=(5,), stretches=((2, True),), cells=(CellPlan(100),),
                readouts=(ReadoutPlan(61),), feedbacks=("symmetric",))
    case = make_case(plan)  # 6100 weights of one step and 61 errors: 8192 places of 20 bytes
    with pytest.raises(NetworkError, match=r"163840 of them for 6161 errors and mirrored weights "
                                           r".* longer intervals"):
        ChipNetwork(case.network, recordings_of(case.network))
