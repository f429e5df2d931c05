"""describe(): what runs on cores, and what does not fit together."""

import json
import logging
from pathlib import Path

import pytest

from pynn_eprop.errors import MissingDependencyError
from pynn_eprop.spinnaker import binaries, description
from pynn_eprop.spinnaker.binaries.record import BuildRecord, digest
from pynn_eprop.spinnaker.description import describe

IMAGES = {"eprop_neuron": b"cells", "eprop_readout": b"readouts"}
PACKAGES = {name: "1!7.4.1" for name in description.PACKAGES} | {"pynn_eprop": "0.1.0"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two programs, and the packages of sPyNNaker 7.4.1."""
    monkeypatch.setattr(binaries, "FOLDER", tmp_path)
    monkeypatch.setattr(description, "_version", PACKAGES.get)
    for name, image in IMAGES.items():
        (tmp_path / f"{name}.aplx").write_bytes(image)
    return tmp_path


def write(folder: Path, runtime: str, version: str, **images: str) -> None:
    (folder / "build.json").write_text(json.dumps({
        "runtime": runtime, "version": version, "compiler": "gcc 12", "sources": "abc",
        "images": {name: digest(image) for name, image in IMAGES.items()} | images}))


def test_a_build_on_the_official_libraries(folder: Path) -> None:
    write(folder, "official", "spinnaker_tools 7.4.1, SLLT 4.0.0")
    found = describe()
    assert (found.runtime, found.version) == ("official", "spinnaker_tools 7.4.1, SLLT 4.0.0")
    assert (found.compiler, found.sources) == ("gcc 12", "abc")
    assert found.programs == ("eprop_neuron", "eprop_readout")
    assert found.packages == PACKAGES
    assert found.problems == ()
    assert found.content == BuildRecord(
        "", "", "", "", {name: digest(image) for name, image in IMAGES.items()}).content()
    assert json.loads(json.dumps(found.as_dict())) == found.as_dict()
    lines = str(found).splitlines()
    assert lines[:3] == ["programs    eprop_neuron, eprop_readout",
                         "on          the official libraries (spinnaker_tools 7.4.1, SLLT 4.0.0)",
                         "compiled by gcc 12"]
    assert lines[-1].startswith("packages    pynn_eprop 0.1.0, sPyNNaker 1!7.4.1, ")


@pytest.mark.parametrize("version, problems", [
    ("SLLT 4.0.0", 0), ("spinnaker_tools 7.4.1", 0),
    ("spinnaker_tools 7.4.2-3-gabcdef, SLLT 4.0.0", 1)])
def test_libraries_of_another_version_than_the_packages(folder: Path, version: str, problems: int
                                                        ) -> None:
    write(folder, "official", version)
    assert len(describe().problems) == problems
    if problems:
        assert describe().problems == ("the libraries are at 7.4.2-3-gabcdef, and the Python "
                                       "packages at 7.4.1: they must be equal",)
    write(folder, "own", "pynn_eprop 0.1.0")
    assert describe().problems == ()


def test_a_program_that_was_built_apart(folder: Path) -> None:
    write(folder, "own", "pynn_eprop 0.1.0")
    before = describe().content
    (folder / "eprop_readout.aplx").write_bytes(b"another")
    (folder / "more.aplx").write_bytes(b"")
    assert describe().problems == ("eprop_readout, more: not built with the others; build the "
                                   "programs again",)
    assert describe().content != before
    assert str(describe()).splitlines()[-1].startswith("PROBLEM: eprop_readout, more: ")


def test_programs_without_a_record(folder: Path) -> None:
    found = describe()
    assert (found.runtime, found.version) == ("unknown", "unknown")
    (problem,) = found.problems
    assert problem == f"there is no record of the build in {folder}: build the programs again"


def test_without_programs_it_says_how_to_build_them(folder: Path) -> None:
    for path in folder.glob("*.aplx"):
        path.unlink()
    with pytest.raises(MissingDependencyError, match=r"eprop_neuron\.aplx is missing"):
        describe()


def test_a_package_that_is_not_installed() -> None:
    assert description._version("pynn_eprop") is not None
    assert description._version("no-such-package-at-all") is None


def test_it_is_logged_when_a_network_is_loaded(caplog: pytest.LogCaptureFixture) -> None:
    pytest.importorskip("spynnaker")
    import pynn_eprop.spinnaker as sim
    from pynn_eprop.emulator import Board

    assert sim.describe is describe
    with Board(chips=4, real_time=False), caplog.at_level(logging.INFO, sim.simulator.name):
        sim.setup(timestep=1.0, quiet=True)
        sim.Population(2, sim.EPropLIF())
        sim.run(5)
        sim.run(5)
        sim.end()
    texts = [record.getMessage() for record in caplog.records
             if record.name == "pynn_eprop.spinnaker.simulator"]
    assert texts == [f"cores are loaded with\n{describe()}"]
