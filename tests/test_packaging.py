"""A wheel made from the source distribution holds what a user needs, and runs."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NOT_COPIED = (".git", ".venv", ".*_cache", ".hypothesis", "__pycache__", "build", "*.egg-info",
              "*.so", "demo-results", "scenarios")

# One worker builds the wheel for all of these.
pytestmark = pytest.mark.xdist_group("wheel")


def call(*command: str, cwd: Path, **extra: str) -> str:
    """Standard output of a command that must succeed."""
    done = subprocess.run(command, cwd=cwd, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, env={**os.environ, **extra})
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from the source distribution alone, with the installed build tools.

    The source distribution is made from a copy: setuptools writes beside what it packs.
    """
    folder = tmp_path_factory.mktemp("package")
    checkout = folder / "checkout"
    shutil.copytree(ROOT, checkout, ignore=shutil.ignore_patterns(*NOT_COPIED))
    build = (sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder))
    call(*build, "--sdist", str(checkout), cwd=folder)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as sdist:
        sdist.extractall(folder, filter="data")
    (source,) = folder.glob("pynn_eprop-*/")
    call(*build, "--wheel", str(source), cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


def test_wheel_holds_engine_and_licence(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert any(name.startswith("pynn_eprop/engine/_eprop.") for name in names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if name.split("/")[0] in {"tests", "docs", "benchmarks"}]


def test_wheel_is_not_tied_to_this_checkout(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    named = [name for name in archive.namelist() if str(ROOT).encode() in archive.read(name)]
    assert named == []


def test_installed_wheel_trains(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    call(sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index",
         "--target", str(site), str(wheel), cwd=tmp_path)
    found = call(sys.executable, "-c", "import pynn_eprop; print(pynn_eprop.__file__)",
                 cwd=tmp_path, PYTHONPATH=str(site))
    assert Path(found.strip()).is_relative_to(site)
    call(sys.executable, "-m", "pynn_eprop.cli", "run", "pattern-generation", "--neurons", "20",
         "--updates", "3", "--seed", "1", "--out", "results", "--quiet",
         cwd=tmp_path, PYTHONPATH=str(site))
    results = json.loads((tmp_path / "results" / "results.json").read_text())
    assert results["updates"] == 3
    assert len(results["error_curve"]) == 3
