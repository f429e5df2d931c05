"""The SpiNNaker programs of an installation: built, or kept from the checkout.

setup.py runs it, with nothing but Python installed. With SPINN_DIRS set, programs are built on the
libraries there. Without it, a checkout whose programs are on the official libraries keeps them,
whatever the way of installing, as they were chosen for a board; they must be those of its sources.
Otherwise they are built on our own runtime.
"""

import os
import runpy
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path("pynn_eprop/spinnaker/binaries")
SUFFIXES = (".aplx", ".elf", ".txt", ".json")
TOOLS = ("make", "arm-none-eabi-gcc")

_RECORD = runpy.run_path(str(ROOT / FOLDER / "record.py"))


class OutdatedError(Exception):
    """Programs on the official libraries that cannot be built again without SPINN_DIRS."""


def official_files(root: Path = ROOT) -> list[Path]:
    """The files of a checkout's programs on the official libraries; empty without such programs.

    Raises :class:`OutdatedError` if they are not those of the checkout's sources.
    """
    folder = root / FOLDER
    record = _RECORD["BuildRecord"].read(folder)
    if record is None or record.runtime != _RECORD["OFFICIAL"]:
        return []
    now = subprocess.run([root / "makefiles/spinnaker/sources.sh"], check=True, text=True,
                         stdout=subprocess.PIPE).stdout.strip()
    changed = record.changed(folder)
    if changed or record.sources != now:
        what = f"{', '.join(changed)} in {FOLDER}: not those that were built" if changed else \
            f"the programs in {FOLDER} were built of other sources"
        raise OutdatedError(
            f"{what} on the official libraries ({record.version}). To have them on these again, "
            "set SPINN_DIRS to the libraries; to have our own runtime instead: `make binaries` "
            "without SPINN_DIRS, or `make -C makefiles/spinnaker clean`")
    return sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES)


def copy(files: list[Path], folder: Path) -> None:
    """Copy files into a folder, unless it is theirs."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        if file.parent.resolve() != folder.resolve():
            shutil.copy2(file, folder / file.name)


def provide(folder: Path, root: Path = ROOT, environment: Mapping[str, str] = os.environ) -> None:
    """Let a folder have the programs.

    Without the cross compiler it says so and leaves them out. Raises :class:`OutdatedError`, and
    CalledProcessError if they cannot be built.
    """
    kept = [] if environment.get("SPINN_DIRS") else official_files(root)
    if kept:
        print("SpiNNaker programs on the official libraries are kept")
        copy(kept, folder)
        return
    missing = [tool for tool in TOOLS if shutil.which(tool, path=environment.get("PATH")) is None]
    if missing:
        print(f"SpiNNaker binaries are not built, for want of {' and '.join(missing)}: "
              "see `make binaries`")
        return
    subprocess.run(["make", "-s", "-C", root / "makefiles/spinnaker", f"OUT={folder}"],
                   check=True, env=dict(environment))
