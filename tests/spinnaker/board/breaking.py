"""Programs that fail: our binaries with other instructions in one of their functions."""

import struct
from pathlib import Path

import pytest

from pynn_eprop.emulator.symbols import Symbols
from pynn_eprop.spinnaker import binaries

NEURON = "eprop_neuron"
UNDEFINED = (0xE7F000F0,)
DATA_ABORT = (0xE3E00000, 0xE5900000)       # mvn r0, #0; ldr r0, [r0]: nothing is at the end
FOR_EVER = (0xEAFFFFFE,)                    # b .
_HEADER = 0x40      # bytes of an image before its code


def break_program(folder: Path, function: str, instructions: tuple[int, ...],
                  patch: pytest.MonkeyPatch) -> None:
    """Let cores of cells run ``instructions`` in place of a function (which must be ARM code)."""
    from spinn_utilities.executable_finder import ExecutableFinder

    symbols = Symbols.read(binaries.FOLDER / f"{NEURON}.elf")
    address = dict(zip(symbols.names, symbols.addresses, strict=True))[function]
    path = folder / f"{NEURON}.aplx"
    image = bytearray(binaries.binary_path(NEURON).read_bytes())
    for index, word in enumerate(instructions):
        struct.pack_into("<I", image, _HEADER + address + 4 * index, word)
    path.write_bytes(image)
    find = ExecutableFinder.get_executable_path
    patch.setattr(ExecutableFinder, "get_executable_path",
                  lambda self, name: str(path) if name == path.name else find(self, name))
