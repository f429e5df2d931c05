"""How the C sources here become extension modules, by cffi; pynn_eprop/*/build_*.py say which.

Set EPROP_SANITIZE=1 to build with the address and undefined-behaviour sanitizers.
"""

import os
import re
from pathlib import Path

from cffi import FFI

ROOT = Path(__file__).parents[1]
FLAGS = ("-std=c99", "-D_POSIX_C_SOURCE=200809L", "-Wall", "-Wextra", "-pthread")
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-Og", "-g1")


def declarations(header: str) -> str:
    """The declarations of a C header, without comments and preprocessor lines, as cffi wants."""
    without_comments = re.sub(r"/\*.*?\*/", "", header, flags=re.DOTALL)
    return "\n".join(line for line in without_comments.splitlines() if not line.startswith("#"))


def extension(module: str, headers: list[str], sources: list[str], include_dirs: list[str],
              flags: list[str], libraries: list[str], callbacks: str = "") -> FFI:
    """The builder of ``module``, which offers what ``headers`` declare. Paths are from the root.

    A header comes after those whose declarations it needs, and lies in one of ``include_dirs``.
    callbacks: declarations of C functions that Python code stands behind.
    """
    sanitizers = SANITIZERS if os.environ.get("EPROP_SANITIZE") else ()
    ffi = FFI()
    for header in headers:
        ffi.cdef(declarations((ROOT / header).read_text()))
    if callbacks:
        ffi.cdef(f'extern "Python" {{ {callbacks} }}')
    includes = [next(Path(header).relative_to(folder) for folder in include_dirs
                     if Path(header).is_relative_to(folder)) for header in headers]
    ffi.set_source(
        module, "\n".join(f'#include "{header}"' for header in includes), sources=sources,
        include_dirs=include_dirs,
        depends=[str(path.relative_to(ROOT)) for path in sorted((ROOT / "c_models").rglob("*.h"))],
        extra_compile_args=[*FLAGS, *flags, *sanitizers],
        extra_link_args=[*sanitizers[:1], "-pthread"], libraries=libraries)
    return ffi
