"""Builds the host engine: C sources, compiled by cffi into ``pynn_eprop.engine._eprop``."""

import runpy
from pathlib import Path

BUILD = runpy.run_path(str(Path(__file__).parents[2] / "c_models/extension.py"))

ffi = BUILD["extension"](
    "pynn_eprop.engine._eprop",
    headers=["c_models/host/optimizer_settings.h", "c_models/host/engine.h",
             "c_models/include/eprop/fixed/constants.h", "c_models/host/fixed_constants.h"],
    sources=[
        "c_models/host/engine.c",
        "c_models/host/sort_spikes.c",
        "c_models/threads/pool.c",
        "c_models/host/fixed_constants.c",
        "c_models/host/core_float32.c",
        "c_models/host/core_float32_avx2.c",
        "c_models/host/core_float32_avx512.c",
        "c_models/host/core_float64.c",
        "c_models/host/core_float64_avx2.c",
        "c_models/host/core_float64_avx512.c",
        "c_models/host/core_fixed.c",
        "c_models/host/core_fixed_avx2.c",
    ],
    include_dirs=["c_models/include", "c_models/host"],
    # results must not depend on the processor: no fused multiply-add, no re-association (exp and
    # log in float64 are those of the C library)
    flags=["-O3", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math"],
    libraries=["m"],
    callbacks="int eprop_step_in_python(void *context);",
)

if __name__ == "__main__":
    ffi.compile(verbose=True)
