"""The interpreter against libunicorn: the same programs leave the same registers, memories,
counts and times. Unicorn is an independent implementation of the architecture."""

from random import Random

import pytest

from pynn_eprop.emulator.emulated_machine import ENGINES, EmulatedMachine, Options
from pynn_eprop.emulator.geometry import geometry
from pynn_eprop.emulator.layout import CYCLES_PER_MS, DTCM_SIZE
from pynn_eprop.emulator.library import ffi, lib
from tests.emulator.random_programs import arm_program, thumb_program
from tests.emulator.running import start

CORES = range(1, 18)
LENGTH = 120


def outcome(images: list[bytes], engine: str) -> list[tuple[object, ...]]:
    """The state that each image leaves behind on a core of its own."""
    machine = EmulatedMachine(geometry(1), {(0, 0): "127.0.3.1"}, Options(engine=engine))
    chip = machine.monitors[0, 0].chip
    for core, image in zip(CORES, images, strict=True):
        start(machine, image, core)
    machine.run(CYCLES_PER_MS)
    results = []
    for core in CORES:
        status = chip.status(core)
        data = bytes(ffi.buffer(lib.emu_dtcm(chip.handle, core), DTCM_SIZE))
        results.append((status.instructions, status.now, status.cpsr, status.sp, status.lr,
                        status.activity, list(status.faults), data))
    machine.close()
    return results


@pytest.mark.parametrize("make", [arm_program, thumb_program])
@pytest.mark.parametrize("seed", range(6))
def test_random_programs(seed: int, make) -> None:  # type: ignore[no-untyped-def]
    random = Random(seed)
    images = [make(random, LENGTH) for _ in CORES]
    first, second = (outcome(images, engine) for engine in ENGINES)
    for core, one, other in zip(CORES, first, second, strict=True):
        assert one[:7] == other[:7], core
        assert one[7] == other[7], core
        assert one[5] == lib.EMU_ASLEEP  # it came to the end
