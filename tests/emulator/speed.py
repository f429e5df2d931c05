"""How fast the emulator is: ``python -m tests.emulator.speed``. Prints a Markdown table.

20 cores (10 on each of two chips) that execute 100,000 instructions a millisecond for 1 s: loops of
loads, additions, stores and branches on data memory, as the kernels of neuron cores are. Then a
48-chip board on which nothing runs, and one whose cores only count timer ticks.
"""

import time
from itertools import islice

from pynn_eprop.emulator.emulated_machine import EmulatedMachine, Options
from pynn_eprop.emulator.geometry import geometry
from pynn_eprop.emulator.layout import CYCLES_PER_MS, DTCM
from tests.emulator.assembler import RETURN_FROM_IRQ, Program
from tests.emulator.running import start
from tests.emulator.test_cores import TIMER, VIC, timer_program, with_timer

STEP_INSTRUCTIONS = 100_000
MILLISECONDS = 1000


def busy_program() -> bytes:
    """A timer interrupt a millisecond that runs 10 instructions so often that it makes 100,000."""
    program = with_timer(Program(), CYCLES_PER_MS).sleep().label("irq")
    program.load(3, STEP_INSTRUCTIONS // 10).load(4, DTCM + 0x1000).label("loop")
    for offset in (0, 4):
        program.read(5, 4, offset).add(5, 5, 3).store(5, 4, offset).add(6, 5, 1)
    program.subtract(3, 3, 1).branch_not_zero("loop")
    return (program.load(1, TIMER).store(1, 1, 0x0C).load(1, VIC).read(2, 1, 0x30)
            .store(2, 1, 0x30).word(RETURN_FROM_IRQ).image())


def tick_program() -> bytes:
    """A timer interrupt a millisecond that counts it."""
    return timer_program(period=CYCLES_PER_MS).image()


def measure(name: str, chips: int, used: int, cores: int, image: bytes | None,
            threads: int) -> None:
    """One row: name, threads, wall and processor seconds, instructions and MIPS."""
    shape = geometry(chips)
    machine = EmulatedMachine(shape, dict.fromkeys(shape.ethernet_chips, "127.0.3.1"),
                      Options(threads=threads))
    if image is not None:
        for chip in islice(machine.monitors, used):
            start(machine, image, *range(1, 1 + cores), chip=chip)
    wall, processor = time.perf_counter(), time.process_time()
    for _ in range(MILLISECONDS):
        machine.run(machine.now + CYCLES_PER_MS)
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    millions = machine.instructions / 1e6
    print(f"| {name} | {threads} | {wall:.2f} | {processor:.2f} | {millions:.1f} | "
          f"{millions / wall:.0f} | {millions / processor:.0f} |", flush=True)
    machine.close()


def main() -> None:
    """Measure all."""
    print("| 1 s of biological time | host threads | wall s | processor s | M instructions | "
          "MIPS | MIPS a processor |\n|---|---|---|---|---|---|---|")
    for threads in (1, 2):
        measure("20 cores, 100,000 instructions a step", 4, 2, 10, busy_program(), threads)
    for threads in (1, 2):
        measure("48 chips, 768 cores, a timer tick a step", 48, 48, 16,
                tick_program(), threads)
    measure("48 chips, nothing runs", 48, 0, 0, None, 1)


if __name__ == "__main__":
    main()
