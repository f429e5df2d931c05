"""The compiled parts of the build; everything else is in pyproject.toml."""

import sysconfig

from setuptools import setup

# cffi compiles to Python's stable interface, so one wheel serves 3.11 and later; a free-threaded
# Python has no such interface.
STABLE = {} if sysconfig.get_config_var("Py_GIL_DISABLED") else {"py_limited_api": "cp311"}

setup(
    cffi_modules=["pynn_eprop/engine/build_engine.py:ffi",
                  "pynn_eprop/emulator/build_emulator.py:ffi"],
    options={"bdist_wheel": STABLE},
)
