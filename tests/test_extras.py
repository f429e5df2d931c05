"""The extras: a simulator each, pinned, that install together; without one, what to install."""

import os
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
#: The backend that an extra is for, and the module that its simulator is.
SIMULATORS = {"nest": ("nest", "nest"), "brian2": ("brian2", "brian2"),
              "spinnaker": ("spinnaker", "spynnaker"), "jax": ("jax", "jax")}


#: Other extras whose packages decide what comes out, by what they are for.
PINNED = ("decode", "speech", "recorded-speech", "mpi")


@pytest.mark.parametrize("extra", [*SIMULATORS, *PINNED])
def test_what_decides_results_is_pinned_and_is_what_is_installed(extra):
    for requirement in EXTRAS[extra]:
        if requirement.startswith("pynn_eprop["):
            continue
        name, version = re.fullmatch(r"([\w-]+)==([\w.!]+)", requirement).groups()
        assert metadata.version(name) in (version, version.removeprefix("1!")), requirement


def test_one_extra_has_all_of_them():
    assert EXTRAS["all"] == [f"pynn_eprop[{','.join([*SIMULATORS, 'decode', 'sweep'])}]"]


def test_what_is_installed_fits_together():
    done = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True)
    ours = re.compile("pynn|numpy|nest|brian2|spynnaker|spinn|pacman|neo|quantities", re.IGNORECASE)
    assert [line for line in done.stdout.splitlines()
            if ours.match(line) and "No broken" not in line] == []


def load(backend, path, home):
    """The output of loading a backend in a new process."""
    script = ("from pynn_eprop.backends import load_backend\n"
              f"print('loaded', load_backend({backend!r}).setup.__name__)")
    environment = {**os.environ, "HOME": str(home),
                   "PYTHONPATH": os.pathsep.join([str(path), os.environ.get("PYTHONPATH", "")])}
    return subprocess.run([sys.executable, "-W", "ignore", "-c", script], env=environment,
                          capture_output=True, text=True)


@pytest.mark.parametrize("extra", SIMULATORS)
def test_a_backend_without_its_simulator_says_what_to_install(extra, tmp_path):
    backend, module = SIMULATORS[extra]
    (tmp_path / f"{module}.py").write_text(
        f"raise ModuleNotFoundError(\"No module named '{module}'\", name={module!r})\n")
    done = load(backend, tmp_path, tmp_path)
    assert "MissingDependencyError" in done.stderr
    assert f"pip install 'pynn_eprop[{extra}]'" in done.stderr


@pytest.mark.parametrize("extra", ["nest", "brian2", "jax"])
def test_importing_a_backend_without_its_simulator_says_what_to_install(extra):
    _, module = SIMULATORS[extra]
    script = (f"import sys; sys.modules[{module!r}] = None\n"
              "from pynn_eprop.errors import MissingDependencyError\n"
              f"try:\n    import pynn_eprop.{extra}\n"
              "except MissingDependencyError as error:\n    print(error)")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True,
                          check=True)
    assert f"pip install 'pynn_eprop[{extra}]'" in done.stdout
