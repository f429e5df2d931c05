"""The compiled parts of the build; everything else is in pyproject.toml."""

import runpy
import sysconfig
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

ROOT = Path(__file__).resolve().parent
PROGRAMS = runpy.run_path(str(ROOT / "makefiles/spinnaker/provide.py"))

# cffi compiles to Python's stable interface, so one wheel serves 3.11 and later; a free-threaded
# Python has no such interface.
STABLE = {} if sysconfig.get_config_var("Py_GIL_DISABLED") else {"py_limited_api": "cp311"}


class BuildWithBinaries(build_py):
    """The package and, beside it, what SpiNNaker's cores run."""

    def run(self):
        super().run()
        place = ROOT if self.editable_mode else Path(self.build_lib).resolve()
        PROGRAMS["provide"](place / PROGRAMS["FOLDER"])


class SourcesWithBinaries(sdist):
    """The sources, and programs on the official libraries, for wheels that are made of them."""

    def make_release_tree(self, base_dir, files):
        super().make_release_tree(base_dir, files)
        PROGRAMS["copy"](PROGRAMS["official_files"](), Path(base_dir) / PROGRAMS["FOLDER"])


setup(
    cffi_modules=["pynn_eprop/engine/build_engine.py:ffi",
                  "pynn_eprop/emulator/build_emulator.py:ffi",
                  "pynn_eprop/intervals/compiled/build_intervals.py:ffi"],
    cmdclass={"build_py": BuildWithBinaries, "sdist": SourcesWithBinaries},
    options={"bdist_wheel": STABLE},
)
