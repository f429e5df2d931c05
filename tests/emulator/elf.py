"""Makes the smallest ELF file with code and function names (System V ABI, ARM supplement)."""

import struct
from pathlib import Path

HEADER = 52


def elf_file(path: Path, code: bytes, functions: dict[str, int]) -> Path:
    """Write a file with one section of code, at address 0, and its functions."""
    names, positions = b"\0", {}
    for name in functions:
        positions[name] = len(names)
        names += name.encode() + b"\0"
    names += bytes(-len(names) % 4)
    symbols = bytes(16) + b"".join(
        struct.pack("<IIIBBH", positions[name], address, 0, 2, 0, 1)
        for name, address in functions.items())
    code += bytes(-len(code) % 4)
    places = [HEADER, HEADER + len(code), HEADER + len(code) + len(symbols)]
    start = places[2] + len(names)
    sections = [
        (0,) * 10,
        (0, 1, 6, 0, places[0], len(code), 0, 0, 4, 0),
        (0, 2, 0, 0, places[1], len(symbols), 3, 1, 4, 16),
        (0, 3, 0, 0, places[2], len(names), 0, 0, 1, 0)]
    header = b"\x7fELF\x01\x01\x01" + bytes(9) + struct.pack(
        "<HHIIIIIHHHHHH", 2, 40, 1, 0, 0, start, 0, HEADER, 0, 0, 40, len(sections), 0)
    path.write_bytes(header + code + symbols + names
                     + b"".join(struct.pack("<10I", *section) for section in sections))
    return path
