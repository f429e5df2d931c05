"""A monitor's services for hosts: commands, answers and refusals.

Codes and arguments are those of the system software (scamp of spinnaker_tools 3.4).
"""

import struct

import pytest

from pynn_eprop.emulator.emulated_machine import EmulatedMachine
from pynn_eprop.emulator.layout import (
    CYCLES_PER_MS,
    SDRAM,
    SDRAM_SYSTEM,
    SYSRAM,
    CpuState,
    Signal,
)
from pynn_eprop.emulator.message import Message
from pynn_eprop.emulator.refusal import ReturnCode
from tests.emulator.assembler import Program
from tests.emulator.running import APPLICATION, MakeMachine

HOST = ("127.0.0.1", 40000)
DATA = SDRAM + 0x01000000
(VERSION, READ, WRITE, FILL, COUNT, LINK_READ, LINK_WRITE, NNP, COPY_RUN, SIGNAL, FLOOD, START, TAG,
 ALLOCATE, ROUTE, INFO) = (0, 2, 3, 5, 15, 17, 18, 20, 21, 22, 23, 24, 26, 28, 29, 31)


def command(machine: EmulatedMachine, code: int, first: int = 0, second: int = 0, third: int = 0,
            data: bytes = b"", chip: tuple[int, int] = (0, 0), core: int = 0,
            ) -> tuple[int, bytes]:
    """Send a command. Returns the code of the answer and its data."""
    message = Message(0x87, 255, core, 0xFF, chip, (0, 0),
                      struct.pack("<HHIII", code, 77, first, second, third) + data)
    answer = machine.receive((0, 0), message, HOST)
    assert answer is not None
    parsed = Message.parse(answer)
    assert parsed is not None
    assert parsed.flags == 7
    result, sequence = struct.unpack_from("<HH", parsed.data)
    assert sequence == 77
    return result, parsed.data[4:]


def done(answer: tuple[int, bytes]) -> bytes:
    assert answer[0] == ReturnCode.OK
    return answer[1]


def test_version(machine: EmulatedMachine) -> None:
    data = done(command(machine, VERSION, chip=(255, 255)))
    assert data[:4] == bytes([0, 0, 0, 0])  # core, chip
    assert data[12:].split(b"\0")[:2] == [b"SC&MP/SpiNNaker", b"4.0.0"]


def test_memory_is_written_and_read(machine: EmulatedMachine) -> None:
    done(command(machine, WRITE, DATA, 16, 2, bytes(range(16))))
    assert done(command(machine, READ, DATA + 0x10000000, 16, 2)) == bytes(range(16))
    done(command(machine, FILL, DATA, 0x01020304, 12))
    assert done(command(machine, READ, DATA, 16)) == b"\4\3\2\1" * 3 + bytes([12, 13, 14, 15])


@pytest.mark.parametrize("address, size, kind, code", [
    (DATA, 257, 0, "ARGUMENT"), (DATA, 0xFFFFFFFF, 0, "ARGUMENT"), (DATA + 1, 4, 2, "ARGUMENT"),
    (DATA, 4, 7, "ARGUMENT"), (0x90000000, 4, 2, "ARGUMENT"), (0xFFFFFFFF, 4, 0, "ARGUMENT"),
    (SDRAM + (128 << 20) - 2, 4, 0, "ARGUMENT"), (SYSRAM + 0x8000, 1, 0, "ARGUMENT"),
    (0xE1002000, 4, 2, "ARGUMENT")])
def test_reads_and_writes_that_are_refused(machine: EmulatedMachine, address: int, size: int,
                                           kind: int, code: str) -> None:
    assert command(machine, READ, address, size, kind) == (ReturnCode[code], b"")
    assert command(machine, WRITE, address, size, kind, bytes(256))[0] == ReturnCode[code]


def test_write_with_less_data_than_said(machine: EmulatedMachine) -> None:
    assert command(machine, WRITE, DATA, 16, 0, b"short")[0] == ReturnCode.LENGTH


@pytest.mark.parametrize("code, first, second, third, expected", [
    (99, 0, 0, 0, "COMMAND"), (27, 0, 0, 0, "COMMAND"), (19, 1, 0, 0, "ARGUMENT"),
    (24, SDRAM, 1 << 24 | 1, 0, "ARGUMENT"), (SIGNAL, 1, 0, 0, "ARGUMENT"),
    (SIGNAL, 0, 15 << 16, 0, "ARGUMENT"), (ALLOCATE, 99, 0, 0, "ARGUMENT"),
    (ALLOCATE, 1, 0x1234, 0, "ARGUMENT"), (ROUTE, 9, 0, 0, "ARGUMENT"),
    (ROUTE, 5 << 16 | 1, 1022, 0, "ARGUMENT"), (TAG, 1 << 16 | 16, 0, 0, "ARGUMENT"),
    (TAG, 9 << 16, 0, 0, "ARGUMENT"), (FILL, DATA + 2, 0, 4, "ARGUMENT"),
    (FILL, DATA, 0, 0xFFFFFFFC, "ARGUMENT"), (COPY_RUN, 7, 4, 0, "ARGUMENT"),
    (COPY_RUN, 0, 4, 0, "TIMEOUT"), (LINK_READ, DATA, 4, 6, "ARGUMENT"),
    (LINK_READ, DATA, 4, 0, "TIMEOUT"), (NNP, 77 << 24, 0, 0, "ARGUMENT")])
def test_refusals(machine: EmulatedMachine, code: int, first: int, second: int, third: int,
                  expected: str) -> None:
    assert command(machine, code, first, second, third)[0] == ReturnCode[expected]


def test_short_command_and_absent_chip(machine: EmulatedMachine) -> None:
    for data, code in ((b"", "LENGTH"), (b"\0\0\0\0", "LENGTH"), (bytes(15), "LENGTH")):
        answer = machine.receive((0, 0), Message(0x87, 255, 0, 255, (0, 0), (0, 0), data), HOST)
        assert answer is not None
        assert struct.unpack_from("<H", answer, 8)[0] == ReturnCode[code]
    assert command(machine, VERSION, chip=(9, 9))[0] == ReturnCode.NO_ROUTE


def test_message_to_a_core_without_application(machine: EmulatedMachine) -> None:
    assert command(machine, VERSION, core=3)[0] == ReturnCode.DEAD
    assert command(machine, VERSION, core=25)[0] == ReturnCode.CPU


def test_information(make_machine: MakeMachine) -> None:
    machine = make_machine(48)
    word, sdram, _ = struct.unpack_from("<III", done(command(machine, INFO, 0x5F, chip=(1, 1))))
    assert (word & 31, word >> 8 & 63, word >> 14 & 0x7FF, word >> 25 & 1) == (18, 63, 1023, 0)
    assert sdram == 123469792
    data = done(command(machine, INFO))
    assert struct.unpack_from("<I", data)[0] >> 25 & 1 == 1
    assert list(data[12:30]) == [CpuState.RUNNING] + [CpuState.IDLE] * 17
    assert data[32:36] == bytes([127, 0, 3, 1])


def test_allocation_and_tags_of_blocks(machine: EmulatedMachine) -> None:
    arguments = (APPLICATION << 8, 1000, 5)
    address, = struct.unpack("<I", done(command(machine, ALLOCATE, *arguments)))
    retry = (APPLICATION << 8 | 4 << 16, 1000, 5)
    assert struct.unpack("<I", done(command(machine, ALLOCATE, *arguments))) == (0,)
    assert struct.unpack("<I", done(command(machine, ALLOCATE, *retry))) == (address,)
    assert struct.unpack("<I", done(
        command(machine, ALLOCATE, APPLICATION << 8 | 7, 5))) == (address,)
    free, largest = struct.unpack("<II", done(command(machine, ALLOCATE, 6)))
    assert free >= largest > 0
    done(command(machine, ALLOCATE, 1, address))
    assert struct.unpack("<I", done(command(machine, ALLOCATE, 0, 200 << 20))) == (0,)


def load(machine: EmulatedMachine, chip: tuple[int, int], image: bytes, cores: int = 2) -> None:
    for offset in range(0, len(image), 256):
        part = image[offset:offset + 256]
        done(command(machine, WRITE, SDRAM_SYSTEM + offset, len(part), 0, part, chip=chip))
    done(command(machine, START, SDRAM_SYSTEM, APPLICATION << 24 | cores, chip=chip))


def counting_program() -> bytes:
    """Says that it runs, as an application does, in its own vcpu block."""
    return Program().load(1, SYSRAM + 0x7080).load(2, 7).word(0xE5C1202E).sleep().image()


def test_start_count_and_stop(machine: EmulatedMachine) -> None:
    load(machine, (0, 0), counting_program())
    assert done(command(machine, COUNT, APPLICATION, CpuState.INITIALISING)) == b"\1\0\0\0"
    machine.run(CYCLES_PER_MS)
    assert done(command(machine, COUNT, APPLICATION, CpuState.RUNNING)) == b"\1\0\0\0"
    done(command(machine, ALLOCATE, APPLICATION << 8, 100, 1))
    before = machine.monitors[0, 0].sdram.largest()
    done(command(machine, NNP, 0x3F << 16, 5 << 28 | Signal.STOP << 16 | 0xFF00 | APPLICATION))
    assert done(command(machine, COUNT, APPLICATION, CpuState.RUNNING)) == bytes(4)
    assert machine.monitors[0, 0].chip.state(1) is CpuState.IDLE
    assert machine.monitors[0, 0].sdram.largest() > before


def test_image_that_is_none_is_refused(machine: EmulatedMachine,
                                       caplog: pytest.LogCaptureFixture) -> None:
    done(command(machine, WRITE, SDRAM_SYSTEM, 256, 0, b"\x7fELF" * 64))
    assert command(machine, START, SDRAM_SYSTEM, APPLICATION << 24 | 2)[0] == ReturnCode.ARGUMENT
    assert "not an APLX image" in caplog.text
    assert machine.monitors[0, 0].applications == {}


def test_copy_over_a_link_and_run(make_machine: MakeMachine) -> None:
    machine = make_machine(4)
    image = counting_program()
    load(machine, (0, 0), image)
    total = sum(value for value, in struct.iter_unpack("<I", image))
    west = 3
    wrong = command(machine, COPY_RUN, 4, len(image), chip=(1, 1))
    assert wrong[0] == ReturnCode.OK  # without a checksum it is not compared
    bad = (total + 1 & 0x1FFFFFFF) << 3 | 4
    assert command(machine, COPY_RUN, bad, len(image), chip=(1, 1))[0] == ReturnCode.CHECKSUM
    good = (total & 0x1FFFFFFF) << 3 | west
    done(command(machine, COPY_RUN, good, len(image), APPLICATION << 24 | 6, chip=(1, 0)))
    machine.run(CYCLES_PER_MS)
    assert done(command(machine, COUNT, APPLICATION, CpuState.RUNNING)) == b"\2\0\0\0"


def test_flood_fill_starts_everywhere(make_machine: MakeMachine) -> None:
    machine = make_machine(4)
    image = counting_program()
    done(command(machine, NNP, 6 << 24 | 1 << 8, 0xFFFF))
    done(command(machine, FLOOD, 1, (len(image) // 4 - 1) << 8, SDRAM_SYSTEM, image))
    done(command(machine, NNP, 15 << 24, APPLICATION << 24 | 2))
    machine.run(CYCLES_PER_MS)
    assert done(command(machine, COUNT, APPLICATION, CpuState.RUNNING)) == b"\4\0\0\0"


def test_neighbours_memory(make_machine: MakeMachine) -> None:
    machine = make_machine(4)
    done(command(machine, LINK_WRITE, DATA, 8, 2, b"neighbor"))
    assert machine.monitors[0, 1].chip.read(DATA, 8) == b"neighbor"
    assert done(command(machine, LINK_READ, DATA, 8, 2)) == b"neighbor"


def test_ip_tags(machine: EmulatedMachine) -> None:
    address = int.from_bytes(bytes([127, 0, 0, 1]), "little")
    assert done(command(machine, TAG, 1 << 28 | 1 << 16 | 3, 5000, address)) == b"\3\0\0\0"
    entry = done(command(machine, TAG, 2 << 16 | 3, 1))
    assert (entry[:4], struct.unpack_from("<H", entry, 10)[0]) == (bytes([127, 0, 0, 1]), 5000)
    assert done(command(machine, TAG, 4 << 16, 99)) == bytes([9, 32, 8, 8])
    assert done(command(machine, TAG, 0, 6000)) == b"\0\0\0\0"  # the first free one
    done(command(machine, TAG, 3 << 16 | 3))
    assert machine.tags[0, 0].get(3) is None


def test_fixed_route_register(machine: EmulatedMachine) -> None:
    done(command(machine, ROUTE, 3, 0x40))
    assert done(command(machine, ROUTE, 3, 1 << 31)) == b"\x40\0\0\0"
    done(command(machine, ROUTE, 0))
    assert machine.monitors[0, 0].router.entries() == []


def test_answers_find_many_hosts(machine: EmulatedMachine) -> None:
    tags = machine.tags[0, 0]
    hosts = [("127.0.0.1", 1000 + index) for index in range(1000)]
    numbers = [tags.for_host(host) for host in hosts]
    assert set(numbers) <= set(range(8, 254))
    last = tags.get(numbers[-1])
    assert last is not None
    assert last.address == hosts[-1]
