"""Builds the board emulator: C sources, compiled by cffi into ``pynn_eprop.emulator._emulator``.

The build does not need libunicorn, which is opened when the first board that uses it starts.
"""

import runpy
from pathlib import Path

BUILD = runpy.run_path(str(Path(__file__).parents[2] / "c_models/extension.py"))

ffi = BUILD["extension"](
    "pynn_eprop.emulator._emulator",
    headers=["c_models/emulator/emulator.h"],
    sources=[*(f"c_models/emulator/{name}.c" for name in (
        "arm_arithmetic", "arm_block", "arm_cycles", "arm_decode", "arm_memory", "arm_run",
        "arm_state", "arm_thumb", "arm_transfer", "bus", "checks", "comms", "congestion", "core",
        "core_numbers", "dma", "idle", "machine", "memory_time", "mishaps", "router",
        "system_controller", "timer", "unicorn_engine", "unicorn_api", "vic")),
        "c_models/threads/pool.c"],
    include_dirs=["c_models/emulator"],
    flags=["-D_DEFAULT_SOURCE", "-O2"],
    libraries=["dl"],
)

if __name__ == "__main__":
    ffi.compile(verbose=True)
