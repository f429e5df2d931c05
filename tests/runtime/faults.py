"""Faults of the official libraries: how often each is seen in a build, in how many trials."""

from functools import cache
from pathlib import Path

from pynn_eprop.emulator.emulated_machine import Options
from pynn_eprop.emulator.layout import CpuState, Vcpu
from tests.runtime.exerciser import (
    CORE,
    Failure,
    PacketWork,
    Rig,
    Settings,
)
from tests.runtime.stepping import functions, run_to

STEP = 200_000
EXACT = Options(every_instruction=True)


def _packet_in(folder: Path, work: PacketWork, places: tuple[str, ...], trial: int) -> Rig:
    """In each of 12 steps, a packet so many cycles after the core has entered a function."""
    rig = Rig(folder / "exerciser.aplx", Settings(packet_work=work, work=60, sends=False), EXACT)
    known = functions(folder / "exerciser.elf")
    address = next(known[place][0] for place in places if place in known)
    rig.start_run(14)
    for step in range(12):
        rig.run_for(STEP // 2)
        if not run_to(rig, address & ~1, 1.5):
            break
        rig.run_for(trial)
        rig.packet(step)
    rig.run_ms(16)
    return rig


def transfers_stop(folder: Path, trial: int) -> bool:
    """A DMA transfer started at fast interrupt while the end of another is handled."""
    rig = _packet_in(folder, PacketWork.TRANSFER, ("dma_done_isr", "rt_transfer_done"), trial)
    last = rig.steps()[-1]
    rig.close()
    return bool(last["done"] != last["asked"] or last["transfers"] != last["time"])


def callbacks_lost(folder: Path, trial: int) -> bool:
    """A callback scheduled at fast interrupt while an event is put in the same queue."""
    rig = _packet_in(folder, PacketWork.SCHEDULE, ("soft_int_isr", "rt_user_event"), trial)
    last = rig.steps()[-1]
    rig.close()
    lost = last["done"] < last["asked"] or last["scheduled"] < last["time"]
    return bool(lost or last["user_events"] < last["time"])


def start_lost(folder: Path, trial: int) -> bool:
    """The start signal, at each cycle around the first sleep: does the core go on sleeping?"""
    rig = Rig(folder / "exerciser.aplx", options=EXACT, started=False,
              boot_cycles=first_sleep(folder) - 20 + trial)
    rig.start()
    rig.run_ms(2)
    lost = rig.state is CpuState.READY
    rig.close()
    return lost


@cache
def first_sleep(folder: Path) -> int:
    """Cycles from the start of the image to the first sleep."""
    rig = Rig(folder / "exerciser.aplx", started=False)
    instructions = int(rig.chip.status(CORE).instructions)
    rig.close()
    return instructions


def empty_registers(folder: Path, trial: int) -> bool:
    """A data abort inside a fast interrupt: is the place of the failure not reported?"""
    rig = Rig(folder / "exerciser.aplx",
              Settings(failure=Failure.READING_IN_PACKET, failure_step=2))
    rig.start_run(10)
    rig.run_ms(3.5)
    rig.packet(trial)
    rig.run_ms(2)
    known = (rig.state is CpuState.RUN_TIME_EXCEPTION
             and rig.chip.word(rig.chip.vcpu(CORE, Vcpu.LR)) != 0)
    rig.close()
    return not known


FAULTS = {
    "a callback at fast interrupt starts a DMA transfer while the end of another is handled "
    "(at each of 60 instructions): one never ends": (transfers_stop, 60),
    "a callback at fast interrupt schedules one while an event is put in the same queue (at each "
    "of 80 instructions): one is lost": (callbacks_lost, 80),
    "the start signal comes when the core goes to sleep (at each of 40 instructions): it is lost":
        (start_lost, 40),
    "data abort inside a fast interrupt: the host does not learn of it": (empty_registers, 1),
}
