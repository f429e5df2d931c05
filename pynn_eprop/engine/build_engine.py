"""Builds the host engine: C sources, compiled by cffi into ``pynn_eprop.engine._eprop``.

Set EPROP_SANITIZE=1 to build with the address and undefined-behaviour sanitizers.
"""

import os
import re
from pathlib import Path

from cffi import FFI

ROOT = Path(__file__).parents[2]
HEADER = "c_models/host/engine.h"
SOURCES = [
    "c_models/host/engine.c",
    "c_models/host/parallel.c",
    "c_models/host/core_float32.c",
    "c_models/host/core_float32_avx2.c",
    "c_models/host/core_float64.c",
    "c_models/host/core_float64_avx2.c",
    "c_models/host/core_fixed.c",
    "c_models/host/core_fixed_avx2.c",
]
# Results must not depend on the processor: no fused multiply-add, no re-association.
FLAGS = ["-std=c99", "-D_POSIX_C_SOURCE=200809L", "-O3", "-ffp-contract=off", "-fno-math-errno",
         "-fno-trapping-math", "-Wall", "-Wextra"]
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-O1", "-g"]


def declarations(header: str) -> str:
    """The declarations of a C header, without comments and preprocessor lines, as cffi wants."""
    without_comments = re.sub(r"/\*.*?\*/", "", header, flags=re.DOTALL)
    return "\n".join(line for line in without_comments.splitlines() if not line.startswith("#"))


sanitize = ["-fsanitize=address,undefined"] if os.environ.get("EPROP_SANITIZE") else []
ffi = FFI()
ffi.cdef(declarations((ROOT / HEADER).read_text()))
ffi.set_source(
    "pynn_eprop.engine._eprop",
    '#include "engine.h"',
    sources=SOURCES,
    include_dirs=["c_models/include", "c_models/host"],
    depends=[str(path.relative_to(ROOT)) for path in sorted((ROOT / "c_models").rglob("*.h"))],
    extra_compile_args=[*FLAGS, *(SANITIZERS if sanitize else []), "-pthread"],
    extra_link_args=[*sanitize, "-pthread"],
    libraries=["m"],
)

if __name__ == "__main__":
    ffi.compile(verbose=True)
