"""Builds the board emulator: C sources, compiled by cffi into ``pynn_eprop.emulator._emulator``.

Set EPROP_SANITIZE=1 to build with the address and undefined-behaviour sanitizers. Nothing of
libunicorn is needed here: it is opened when the first board starts.
"""

import os
import re
from pathlib import Path

from cffi import FFI

ROOT = Path(__file__).parents[2]
HEADER = "c_models/emulator/emulator.h"
SOURCES = [*(f"c_models/emulator/{name}.c" for name in (
    "arm_arithmetic", "arm_block", "arm_decode", "arm_memory", "arm_run", "arm_state", "arm_thumb",
    "arm_transfer", "bus", "checks",
    "comms", "core", "dma", "machine", "router", "system_controller", "timer", "unicorn_engine",
    "unicorn_api", "vic")), "c_models/host/parallel.c"]
FLAGS = ["-std=c99", "-D_DEFAULT_SOURCE", "-D_POSIX_C_SOURCE=200809L", "-O2", "-Wall", "-Wextra"]
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-O1", "-g"]


def declarations(header: str) -> str:
    """The declarations of a C header, without comments and preprocessor lines, as cffi wants."""
    without_comments = re.sub(r"/\*.*?\*/", "", header, flags=re.DOTALL)
    return "\n".join(line for line in without_comments.splitlines() if not line.startswith("#"))


sanitize = ["-fsanitize=address,undefined"] if os.environ.get("EPROP_SANITIZE") else []
ffi = FFI()
ffi.cdef(declarations((ROOT / HEADER).read_text()))
ffi.set_source(
    "pynn_eprop.emulator._emulator",
    '#include "emulator.h"',
    sources=SOURCES,
    include_dirs=["c_models/emulator", "c_models/host"],
    depends=[str(path.relative_to(ROOT)) for path in sorted((ROOT / "c_models").rglob("*.h"))],
    extra_compile_args=[*FLAGS, *(SANITIZERS if sanitize else []), "-pthread"],
    extra_link_args=[*sanitize, "-pthread"],
    libraries=["dl"],
)

if __name__ == "__main__":
    ffi.compile(verbose=True)
