"""The compiled parts of the build; everything else is in pyproject.toml."""

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent

# cffi compiles to Python's stable interface, so one wheel serves 3.11 and later; a free-threaded
# Python has no such interface.
STABLE = {} if sysconfig.get_config_var("Py_GIL_DISABLED") else {"py_limited_api": "cp311"}


def build_binaries(folder):
    """Build the SpiNNaker binaries with our own runtime; without the cross compiler, say so."""
    missing = [tool for tool in ("make", "arm-none-eabi-gcc") if shutil.which(tool) is None]
    if missing:
        print(f"SpiNNaker binaries are not built, for want of {' and '.join(missing)}: "
              "see `make binaries`")
        return
    environment = {name: value for name, value in os.environ.items() if name != "SPINN_DIRS"}
    subprocess.run(["make", "-s", "-C", ROOT / "makefiles/spinnaker", f"OUT={folder}"],
                   check=True, env=environment)


class BuildWithBinaries(build_py):
    """The package and, beside it, what SpiNNaker's cores run."""

    def run(self):
        super().run()
        place = ROOT if self.editable_mode else Path(self.build_lib).resolve()
        build_binaries(place / "pynn_eprop/spinnaker/binaries")


setup(
    cffi_modules=["pynn_eprop/engine/build_engine.py:ffi",
                  "pynn_eprop/emulator/build_emulator.py:ffi",
                  "pynn_eprop/intervals/compiled/build_intervals.py:ffi"],
    cmdclass={"build_py": BuildWithBinaries},
    options={"bdist_wheel": STABLE},
)
