"""Builds the compiled machine: C, by cffi, into ``pynn_eprop.intervals.compiled._intervals``."""

import runpy
from pathlib import Path

BUILD = runpy.run_path(str(Path(__file__).parents[3] / "c_models/extension.py"))

ffi = BUILD["extension"](
    "pynn_eprop.intervals.compiled._intervals",
    headers=["c_models/host/optimizer_settings.h", "c_models/host/intervals/intervals.h"],
    sources=["c_models/host/intervals/intervals.c", "c_models/threads/pool.c",
             *(f"c_models/host/intervals/machine_{precision}{build}.c"
               for precision in ("float32", "float64") for build in ("", "_avx2", "_avx512"))],
    include_dirs=["c_models/include", "c_models/host/intervals", "c_models/host"],
    # results must not depend on vectors' width: multiply-add is fused where the sources say so
    flags=["-O3", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math"],
    libraries=["m"],
)

if __name__ == "__main__":
    ffi.compile(verbose=True)
