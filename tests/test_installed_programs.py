"""SpiNNaker programs of an installation: those on the official libraries survive all kinds of it.

The checkout is a scratch one: programs are files of a few bytes, and ``make`` is a script that
writes down how it was called.
"""

import json
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pynn_eprop.spinnaker.binaries.record import BuildRecord, digest

ROOT = Path(__file__).parents[1]
PROVIDE = runpy.run_path(str(ROOT / "makefiles/spinnaker/provide.py"))
NEURON, READOUT = b"a program of cells", b"one of readouts"
SETUP = """
import runpy
import setuptools
given = {}
setuptools.setup = given.update
runpy.run_path("setup.py")
distribution = setuptools.Distribution({"name": "scratch", "version": "1", "py_modules": [],
                                        "packages": ["pynn_eprop"], "script_name": "setup.py",
                                        "cmdclass": given["cmdclass"]})
"""
REGULAR = "command = distribution.get_command_obj('build_py')\ncommand.build_lib = 'lib'\n"
EDITABLE = "command = distribution.get_command_obj('build_py')\ncommand.editable_mode = True\n"
SOURCES = "command = distribution.get_command_obj('sdist')\ncommand.dist_dir = 'dist'\n"
RUN = "command.ensure_finalized()\ncommand.run()\n"


def write_record(folder: Path, sources: str, runtime: str = "official") -> None:
    (folder / "build.json").write_text(json.dumps({
        "runtime": runtime, "version": "spinnaker_tools 7.4.1", "compiler": "gcc",
        "sources": sources,
        "images": {"eprop_neuron": digest(NEURON), "eprop_readout": digest(READOUT)}}))


def sources_of(root: Path) -> str:
    return subprocess.run([root / "makefiles/spinnaker/sources.sh"], check=True, text=True,
                          capture_output=True).stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with two programs on the official libraries."""
    root = tmp_path / "checkout"
    for name in ("setup.py", "makefiles/spinnaker/provide.py", "makefiles/spinnaker/sources.sh",
                 "pynn_eprop/spinnaker/binaries/record.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    for name in ("c_models/spinnaker/core.c", "c_models/runtime/memory.c", "c_models/arm/rows.S",
                 "c_models/include/eprop.h", "pynn_eprop/__init__.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")
    folder = root / PROVIDE["FOLDER"]
    (folder / "eprop_neuron.aplx").write_bytes(NEURON)
    (folder / "eprop_readout.aplx").write_bytes(READOUT)
    (folder / "eprop_neuron.elf").write_bytes(b"names")
    (folder / "eprop_neuron.txt").write_text("sizes")
    write_record(folder, sources_of(root))
    return root


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """SPINN_DIRS of each call of make, and where its programs go."""
    tools, log = tmp_path / "tools", tmp_path / "made"
    tools.mkdir()
    (tools / "make").write_text(f'#!/bin/sh\necho "${{SPINN_DIRS:-none}} $*" >> {log}\n')
    (tools / "arm-none-eabi-gcc").write_text("#!/bin/sh\n")
    for tool in tools.iterdir():
        tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    monkeypatch.delenv("SPINN_DIRS", raising=False)
    return lambda: log.read_text().splitlines() if log.exists() else []


def install(root: Path, *kind: str) -> None:
    done = subprocess.run([sys.executable, "-c", SETUP + "".join(kind) + RUN], cwd=root, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout


def check_kept(folder: Path) -> None:
    record = BuildRecord.read(folder)
    assert record is not None and record.runtime == "official"
    assert record.changed(folder) == []
    assert (folder / "eprop_neuron.elf").read_bytes() == b"names"
    assert (folder / "eprop_neuron.txt").read_text() == "sizes"


def test_they_survive_every_kind_of_installation(checkout: Path, tmp_path: Path,
                                                 made: Callable[[], list[str]]) -> None:
    install(checkout, REGULAR)              # as for a wheel
    check_kept(checkout / "lib" / PROVIDE["FOLDER"])
    install(checkout, EDITABLE)
    check_kept(checkout / PROVIDE["FOLDER"])
    install(checkout, SOURCES)
    shutil.unpack_archive(next((checkout / "dist").glob("*.tar.gz")), tmp_path / "unpacked")
    unpacked = tmp_path / "unpacked/scratch-1"
    check_kept(unpacked / PROVIDE["FOLDER"])
    for name in ("makefiles", "c_models"):                  # of MANIFEST.in
        shutil.copytree(checkout / name, unpacked / name)
    for name in ("setup.py", str(PROVIDE["FOLDER"] / "record.py")):
        shutil.copy(checkout / name, unpacked / name)
    install(unpacked, REGULAR)              # a wheel from the source distribution
    check_kept(unpacked / "lib" / PROVIDE["FOLDER"])
    assert made() == []


def test_with_spinn_dirs_they_are_built_on_the_libraries_there(
        checkout: Path, made: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPINN_DIRS", "/libraries")
    install(checkout, REGULAR)
    install(checkout, EDITABLE)
    assert [line.split()[0] for line in made()] == ["/libraries", "/libraries"]
    assert [line.rpartition("OUT=")[2] for line in made()] == [
        str(checkout / "lib" / PROVIDE["FOLDER"]), str(checkout / PROVIDE["FOLDER"])]


@pytest.mark.parametrize("change", [
    lambda folder: write_record(folder, "other sources", "own"),
    lambda folder: (folder / "build.json").unlink(),
    lambda folder: (folder / "build.json").write_text("{}")])
def test_others_are_built_on_our_own_runtime(checkout: Path, made: Callable[[], list[str]],
                                             change: Callable[[Path], Any]) -> None:
    change(checkout / PROVIDE["FOLDER"])
    install(checkout, REGULAR)
    install(checkout, SOURCES)
    (line,) = made()
    assert line.startswith("none -s -C ")
    assert not list((checkout / "lib").rglob("*.aplx"))


@pytest.mark.parametrize("file, message", [
    ("c_models/spinnaker/core.c", "were built of other sources"),
    ("pynn_eprop/spinnaker/binaries/eprop_readout.aplx", "eprop_readout in .*: not those that")])
def test_those_of_other_sources_are_neither_kept_nor_replaced(
        checkout: Path, made: Callable[[], list[str]], file: str, message: str) -> None:
    (checkout / file).write_text("changed")
    for kind in (lambda: PROVIDE["official_files"](checkout),
                 lambda: PROVIDE["provide"](checkout / "lib", checkout, {})):
        with pytest.raises(Exception, match=rf"{message}.*on the official libraries .*7\.4\.1.*"
                           "set SPINN_DIRS .*`make binaries` without") as caught:
            kind()
        assert type(caught.value).__name__ == "OutdatedError"
    assert made() == []


def test_without_the_cross_compiler_they_are_left_out(
        checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (checkout / PROVIDE["FOLDER"] / "build.json").unlink()
    PROVIDE["provide"](checkout / "lib", checkout, {"PATH": "/nowhere"})
    assert "not built, for want of make and arm-none-eabi-gcc" in capsys.readouterr().out
    assert not (checkout / "lib").exists()
