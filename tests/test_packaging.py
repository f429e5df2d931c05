"""A wheel made from the source distribution holds what a user needs, and runs."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
NOT_COPIED = (".git", ".venv", ".*_cache", ".hypothesis", "__pycache__", "build", "*.egg-info",
              "*.so", "demo-results")


def call(*command: str, cwd: Path, **extra: str) -> str:
    """Standard output of a command that must succeed."""
    done = subprocess.run(command, cwd=cwd, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, env={**os.environ, **extra})
    assert done.returncode == 0, done.stdout
    return done.stdout


def build_wheel(folder: Path) -> Path:
    """A wheel built from the source distribution alone, with the installed build tools.

    The source distribution is made from a copy: setuptools writes beside what it packs. The C
    compiler does not optimise, which takes most of a build's time and is part of each installation.
    """
    compiler = folder / "compiler"
    compiler.write_text('#!/bin/sh\nexec cc "$@" -O0 -g0\n')
    compiler.chmod(0o755)
    checkout = folder / "checkout"
    shutil.copytree(ROOT, checkout, ignore=shutil.ignore_patterns(*NOT_COPIED))
    build = (sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder))
    call(*build, "--sdist", str(checkout), cwd=folder)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as sdist:
        sdist.extractall(folder, filter="data")
    (source,) = folder.glob("pynn_eprop-*/")
    call(*build, "--wheel", str(source), cwd=folder, CC=str(compiler))
    (wheel,) = folder.glob("*.whl")
    return wheel


def check_contents(wheel: Path) -> None:
    """C modules, SpiNNaker binaries, licence are in it; what is not the package is not, nor paths.
    """
    archive = zipfile.ZipFile(wheel)
    names = archive.namelist()
    for module in ("engine/_eprop", "emulator/_emulator", "intervals/compiled/_intervals"):
        assert any(name.startswith(f"pynn_eprop/{module}.") for name in names), module
    assert any(name.endswith("licenses/LICENSE") for name in names)
    if shutil.which("arm-none-eabi-gcc"):
        binaries = {path.parent.name for path in (ROOT / "makefiles/spinnaker").glob("*/Makefile")}
        folder = "pynn_eprop/spinnaker/binaries"
        assert {name for name in names if name.endswith(".aplx")} == {
            f"{folder}/{name}.aplx" for name in binaries}
        record = json.loads(archive.read(f"{folder}/build.json"))
        assert record["images"] == {
            name: hashlib.sha256(archive.read(f"{folder}/{name}.aplx")).hexdigest()
            for name in binaries}
    assert [name for name in names if not name.startswith("pynn_eprop")] == []
    assert [name for name in names if str(ROOT).encode() in archive.read(name)] == []


def check_training(wheel: Path, folder: Path) -> None:
    """Installed elsewhere, without this checkout, the command trains."""
    site = folder / "site"
    call(sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index",
         "--target", str(site), str(wheel), cwd=folder)
    found = call(sys.executable, "-c", "import pynn_eprop; print(pynn_eprop.__file__)",
                 cwd=folder, PYTHONPATH=str(site))
    assert Path(found.strip()).is_relative_to(site)
    call(sys.executable, "-m", "pynn_eprop.cli", "run", "pattern-generation", "--neurons", "20",
         "--updates", "3", "--seed", "1", "--out", "results", "--quiet",
         cwd=folder, PYTHONPATH=str(site))
    results = json.loads((folder / "results" / "results.json").read_text())
    assert results["updates"] == 3
    assert len(results["error_curve"]) == 3


def test_wheel_from_the_source_distribution(tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path)
    check_contents(wheel)
    check_training(wheel, tmp_path)


def test_sources_that_are_not_compiled_say_so(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "pynn_eprop", tmp_path / "pynn_eprop",
                    ignore=shutil.ignore_patterns(*NOT_COPIED))
    for module, what in (
            ("host", "the engine"), ("emulator", "the emulated board"),
            ("intervals.compiled", "the compiled machine of intervals")):
        done = subprocess.run([sys.executable, "-c", f"import pynn_eprop.{module} as module\n"
                               "module.setup if hasattr(module, 'setup') else None"],
                              cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path)},
                              text=True, capture_output=True)
        last = done.stderr.strip().splitlines()[-1]
        assert last.startswith("pynn_eprop.errors.MissingDependencyError: "
                               f"{what} is not compiled in {tmp_path}, where this Python"), last
