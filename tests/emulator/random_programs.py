"""Random ARM and Thumb programs that keep to what the architecture defines, as images.

Each sets all registers to random values, executes random instructions and stores registers and
flags in data memory, so that two engines can be compared.
"""

from random import Random

from pynn_eprop.emulator.layout import DTCM
from tests.emulator.assembler import Program

MEMORY = DTCM + 0x4000
"""Where loads and stores go: register 12 points there, and register 11 is an OFFSET to it."""
OFFSET = 16
RESULTS = DTCM + 0x100
ALWAYS = 0xE
INTERESTING = (0, 1, 2, 31, 32, 33, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000,
               0x80000001, 0xFFFFFFFE, 0xFFFFFFFF, 0x40000000, 0xC0000000)


def value(random: Random) -> int:
    """A random word, often one at a border."""
    return random.choice(INTERESTING) if random.random() < 0.4 else random.getrandbits(32)


def _register(random: Random) -> int:
    return random.randrange(11)


def _condition(random: Random) -> int:
    return ALWAYS << 28 if random.random() < 0.6 else random.randrange(15) << 28


def _data(random: Random) -> int:
    operation = random.randrange(16)
    compares, moves = 8 <= operation <= 11, operation in (13, 15)
    word = _condition(random) | operation << 21 | (compares or random.getrandbits(1)) << 20
    word |= 0 if compares else _register(random) << 12
    first = _register(random) if random.random() < 0.95 else 15
    word |= 0 if moves else first << 16
    kind = random.randrange(3)
    if kind == 0:
        return word | 1 << 25 | random.getrandbits(12)
    if kind == 1:
        register = _register(random) if random.random() < 0.95 else 15
        return word | random.getrandbits(5) << 7 | random.getrandbits(2) << 5 | register
    if first == 15:
        word &= ~(15 << 16)  # not together with a shift by a register
    return word | _register(random) << 8 | random.getrandbits(2) << 5 | 1 << 4 | _register(random)


def _multiply(random: Random) -> int:
    operation = random.choice((0, 1, 4, 5, 6, 7))
    high, low, first = random.sample(range(11), 3)
    return (_condition(random) | operation << 21 | random.getrandbits(1) << 20 | high << 16
            | (low if operation else 0) << 12 | _register(random) << 8 | 0x90 | first)


def _multiply_halves(random: Random) -> int:
    high, low = random.sample(range(11), 2)
    which = random.randrange(4)
    bits = random.getrandbits(2) << 5
    accumulates = which in (0, 2) or (which == 1 and not bits >> 5 & 1)
    return (_condition(random) | 0x01000080 | which << 21 | high << 16
            | (low if accumulates else 0) << 12 | _register(random) << 8 | bits | _register(random))


def _other(random: Random) -> int:
    first, second, third = (_register(random) for _ in range(3))
    return _condition(random) | random.choice((
        0x016F0F10 | first << 12 | second,                                       # CLZ
        0x01000050 | random.randrange(4) << 21 | first << 16 | second << 12 | third,  # QADD ...
        0x010F0000 | first << 12,                                                # MRS
        0x0128F000 | first,                                                      # MSR flags
        0x0328F000 | random.getrandbits(4) << 8 | random.getrandbits(8)))        # MSR, constant


def _transfer(random: Random) -> list[int]:
    """A load or store around register 12, which is set back behind it."""
    set_base = 0xE1A0C00D  # mov r12, sp
    up, before, back = random.getrandbits(1), random.getrandbits(1), random.getrandbits(1)
    if not before:
        back = 0  # with it: a load or store as in user mode
    mode = before << 24 | up << 23 | back << 21 | 12 << 16 | _register(random) << 12
    load = random.getrandbits(1) << 20
    kind = random.randrange(5)
    if kind == 0:  # word or byte, constant
        byte = random.getrandbits(1)
        offset = random.getrandbits(11) & (-1 if byte else ~3)
        return [_condition(random) | 0x04000000 | mode | load | byte << 22 | offset, set_base]
    if kind == 1:  # word, by a register and a shift: of 16 to the left by 0 to 3 or the right
        shift = random.choice((0, 0x080, 0x100, 0x020 | 0x080, 0x040 | 0x100))
        return [_condition(random) | 0x06000000 | mode | load | shift | 11, set_base]
    if kind == 2:  # halves and signed bytes
        which = random.choice((0xB0, 0xD0, 0xF0)) if load else 0xB0
        offset = random.getrandbits(8) & (-1 if which == 0xD0 else ~1)
        return [_condition(random) | 1 << 22 | mode | load | which | (offset & 0xF0) << 4
                | offset & 15, set_base]
    if kind == 3:  # two words
        pair = mode & ~(15 << 12) | random.randrange(0, 10, 2) << 12
        offset = random.getrandbits(8) & ~7
        return [_condition(random) | 1 << 22 | pair | random.choice((0xD0, 0xF0))
                | (offset & 0xF0) << 4 | offset & 15, set_base]
    registers = random.getrandbits(11) or 1  # several
    return [_condition(random) | 0x08000000 | before << 24 | up << 23 | random.getrandbits(1) << 21
            | load | 12 << 16 | registers, set_base]


def _instructions(random: Random) -> list[int]:
    kind = random.random()
    if kind < 0.45:
        return [_data(random)]
    if kind < 0.55:
        return [_multiply(random)]
    if kind < 0.62:
        return [_multiply_halves(random)]
    if kind < 0.70:
        return [_other(random)]
    if kind < 0.95:
        return _transfer(random)
    if kind < 0.97:
        return [0xE10C0090 | random.getrandbits(1) << 22 | _register(random) << 12
                | _register(random)]  # SWP
    return [_condition(random) | 0x0A000000 | random.randrange(3)]  # forward over 1 to 3


def _begin(random: Random) -> Program:
    program = Program()
    for register in range(11):
        program.load(register, value(random))
    return program.load(11, OFFSET).load(12, MEMORY).load(13, MEMORY)


def _end(program: Program) -> bytes:
    """Store flags and registers, and sleep."""
    return (program.word(0xE1A00000, 0xE1A00000, 0xE1A00000)
            .load(14, RESULTS).word(0xE88E3FFF)     # stmia lr, {r0-r13}
            .word(0xE10F0000).store(0, 14, 0x40)    # mrs r0, cpsr
            .sleep().image())


def arm_program(random: Random, length: int) -> bytes:
    """An image of about ``length`` random ARM instructions."""
    program = _begin(random)
    for _ in range(length):
        program.word(*_instructions(random))
    return _end(program)


def _low(random: Random) -> int:
    return random.randrange(6)


def _thumb_instructions(random: Random) -> list[int]:
    """Thumb instructions; register 7 points to memory, register 6 is OFFSET."""
    first, second, third = _low(random), _low(random), _low(random)
    base, set_base = 7 << 3, 0x466F  # mov r7, sp
    return random.choice((
        lambda: [random.randrange(3) << 11 | random.getrandbits(5) << 6 | first << 3 | second],
        lambda: [0x1800 | random.getrandbits(2) << 9 | third << 6 | first << 3 | second],
        lambda: [0x2000 | random.getrandbits(2) << 11 | first << 8 | random.getrandbits(8)],
        lambda: [0x4000 | random.randrange(16) << 6 | first << 3 | second],
        lambda: [0x4400 | random.randrange(3) << 8 | 1 << 6 | random.randrange(4) << 3 | first],
        lambda: [0x4400 | random.choice((0, 2)) << 8 | 1 << 7 | first << 3 | random.randrange(4)],
        lambda: [0x4478 | first],                                                # add, pc
        lambda: [0x4800 | first << 8 | random.getrandbits(3)],                   # load from code
        lambda: [0x5000 | random.getrandbits(3) << 9 | 6 << 6 | base | first],
        lambda: [0x6000 | random.getrandbits(2) << 11 | random.getrandbits(5) << 6 | base | first],
        lambda: [0x8000 | random.getrandbits(1) << 11 | random.getrandbits(5) << 6 | base | first],
        lambda: [0x9000 | random.getrandbits(1) << 11 | first << 8 | random.getrandbits(6)],
        lambda: [0xA000 | random.getrandbits(1) << 11 | first << 8 | random.getrandbits(8)],
        lambda: [0xB000 | (count := random.getrandbits(4)), 0xB080 | count],
        lambda: [0xB400 | (some := random.getrandbits(6) or 1), 0xBC00 | some],
        lambda: [0xC000 | random.getrandbits(1) << 11 | 7 << 8 | (random.getrandbits(6) or 1),
                 set_base],
        lambda: [0xD000 | random.randrange(14) << 8 | random.randrange(2)],
        lambda: [0xE000 | random.randrange(2)],
    ))()


def thumb_program(random: Random, length: int) -> bytes:
    """An image of about ``length`` random Thumb instructions."""
    program = _begin(random)
    # mov r7, sp; mov r6, r11; add lr, pc, #1; bx lr
    program.word(0xE1A0700D, 0xE1A0600B, 0xE28FE001, 0xE12FFF1E)
    halves = []
    for _ in range(length):
        halves += _thumb_instructions(random)
    halves += [0x46C0] * 4                            # nothing, for the last branches
    halves += [0x46C0] * (len(halves) % 2)
    halves += [0x4778, 0x46C0]                        # bx pc: to ARM code behind
    program.word(*(low | high << 16 for low, high in zip(halves[::2], halves[1::2], strict=True)))
    return _end(program)
