"""Building SpiNNaker binaries: their size is printed and bounded; a missing one is an error.

Builds on the official libraries are not in reach of the tests: what they do with a program that
does not fit is tested with a command that fails as their linker does, and the record of a build
with a folder that looks like theirs.
"""

import hashlib
import json
import os
import subprocess
from pathlib import Path

import pytest

import pynn_eprop
from pynn_eprop.errors import MissingDependencyError
from pynn_eprop.spinnaker import binaries
from pynn_eprop.spinnaker.binaries.record import BuildRecord
from tests.runtime.builds import ROOT, build

MAKEFILES = ROOT / "makefiles/spinnaker"


def make(folder: Path, source: str, *settings: str) -> subprocess.CompletedProcess[str]:
    """Build a program of one source file."""
    (folder / "small.c").write_text(source)
    (folder / "Makefile").write_text(
        f"APP := small\nSOURCES := {folder}/small.c\nOUT := {folder}/out\nBUILD := {folder}/build\n"
        f"include {ROOT}/makefiles/spinnaker/common.mk\n")
    return subprocess.run(["make", "-s", "-C", folder, "SPINN_DIRS=", *settings],
                          capture_output=True, text=True)


PROGRAM = "#include <spin1_api.h>\nvoid c_main(void) {}\n"


def test_what_a_program_takes_is_printed(tmp_path: Path) -> None:
    build()  # skips without the cross compiler
    done = make(tmp_path, PROGRAM + "uint values[1000] = {1};\nuint *c(void) { return values; }\n")
    assert done.returncode == 0, done.stderr
    line = done.stdout.splitlines()[0]
    assert line.startswith("small (own libraries): ITCM ")
    report = (tmp_path / "out/small.txt").read_text()
    assert report.startswith(line)
    words = line.split()
    code, left = (int(words[words.index(word) + 1]) for word in ("ITCM", "stacks,"))
    image = (tmp_path / "out/small.aplx").stat().st_size
    assert 2000 < code < image < 10_000
    assert 50_000 < left < 65536 - 2048


@pytest.mark.parametrize("source, settings, message", [
    (PROGRAM, ["HEAP=64000"], "wants a heap of 64000 bytes"),
    (PROGRAM, ["STACK=70000"], "do not fit into DTCM"),
    ("#include <spin1_api.h>\nconst uint big[9000] = {1};\n"
     "void c_main(void) { for (uint i = 0; i < 9000; i++) io_printf(IO_BUF, \"%u\", big[i]); }",
     [], "small does not fit a core: "),
    ("#include <spin1_api.h>\nuint big[17000];\n"
     "void c_main(void) { for (uint i = 0; i < 17000; i++) big[i] = spin1_get_core_id(); }",
     [], "DTCM"),
    ("#include <spin1_api.h>\nvoid c_main(void) { int unused; }\n", [], "unused variable")])
def test_a_program_that_does_not_fit_or_warns_is_not_built(
        tmp_path: Path, source: str, settings: list[str], message: str) -> None:
    build()
    done = make(tmp_path, source, *settings)
    assert done.returncode != 0
    assert message in done.stderr
    assert not (tmp_path / "out/small.aplx").exists()


def link(libraries: str, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([MAKEFILES / "link.sh", "small", libraries, *command],
                          capture_output=True, text=True)


@pytest.mark.parametrize("libraries, other", [("own", False), ("official", True)])
def test_what_helps_a_program_that_does_not_fit(libraries: str, other: bool) -> None:
    done = link(libraries, "sh", "-c",
                "echo \"ld: region \\`ITCM' overflowed by 2664 bytes\" >&2; exit 1")
    assert done.returncode == 1
    assert "overflowed by 2664 bytes\nsmall does not fit a core: 2664 bytes of instructions too " \
        f"many beside the {libraries} libraries, compiled by " in done.stderr
    assert "SELDOM in c_models/spinnaker/core.h" in done.stderr
    assert ("unset SPINN_DIRS, then make binaries" in done.stderr) is other


def test_other_faults_of_linking_are_shown_as_they_are() -> None:
    done = link("own", "sh", "-c", "echo undefined reference >&2; exit 1")
    assert (done.returncode, done.stderr) == (1, "undefined reference\n")
    done = link("own", "sh", "-c", "echo a warning >&2")
    assert (done.returncode, done.stderr) == (0, "a warning\n")


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the package's binaries, built on our own runtime."""
    build()
    folder = tmp_path_factory.mktemp("binaries")
    subprocess.run(["make", "-s", "-C", MAKEFILES, "SPINN_DIRS=", f"OUT={folder}"], check=True,
                   stdout=subprocess.DEVNULL)
    return folder


@pytest.mark.parametrize("name, more", [
    ("eprop_neuron", 2312), ("eprop_clopath", 2320), ("eprop_readout", 2336),
    ("eprop_analog", 1304)])
def test_builds_on_the_official_libraries_have_a_kilobyte_left(ours: Path, name: str, more: int
                                                               ) -> None:
    """more: what these take more, docs/evidence/spinnaker/builds.md."""
    words = (ours / f"{name}.txt").read_text().split()
    assert int(words[words.index("ITCM") + 1]) + more <= 32512 - 1024


def test_the_record_of_a_build(ours: Path) -> None:
    record = BuildRecord.read(ours)
    assert record is not None
    assert (record.runtime, record.version) == ("own", f"pynn_eprop {pynn_eprop.__version__}")
    assert record.compiler.startswith("arm-none-eabi-gcc")
    assert record.images.keys() == {path.stem for path in ours.glob("*.aplx")} == {
        "eprop_analog", "eprop_clopath", "eprop_neuron", "eprop_readout"}
    assert record.changed(ours) == []
    again = json.loads((ours / "build.json").read_text())
    assert record == BuildRecord(**again)


def record_official(folder: Path, libraries: Path) -> BuildRecord:
    """The record of a build on libraries, of one program."""
    (libraries / "include").mkdir(parents=True)
    (libraries / "include/version.h").write_text('#define SLLT_VER_STR    "4.0.0"\n')
    (folder / "neuron.aplx").write_bytes(b"program")
    subprocess.run([MAKEFILES / "record.sh", folder, "neuron"], check=True,
                   env={**os.environ, "SPINN_DIRS": str(libraries)})
    record = BuildRecord.read(folder)
    assert record is not None
    return record


def test_the_record_names_the_official_libraries(tmp_path: Path) -> None:
    build()
    record = record_official(tmp_path, tmp_path / "libraries")
    assert (record.runtime, record.version) == ("official", "SLLT 4.0.0")
    assert record.images == {"neuron": hashlib.sha256(b"program").hexdigest()}
    git = ("git", "-C", str(tmp_path / "clone"), "-c", "user.name=x", "-c", "user.email=x@y")
    subprocess.run(["git", "init", "-q", tmp_path / "clone"], check=True)
    for command in (["commit", "-q", "--allow-empty", "-m", "x"], ["tag", "7.4.1"]):
        subprocess.run([*git, *command], check=True)
    record = record_official(tmp_path, tmp_path / "clone")
    assert record.version == "spinnaker_tools 7.4.1, SLLT 4.0.0"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"runtime": "own"}', json.dumps(
    {"runtime": "another", "version": "", "compiler": "", "sources": "", "images": {}}),
    json.dumps({"runtime": "own", "version": "", "compiler": "", "sources": 1, "images": {}}),
    json.dumps({"runtime": "own", "version": "", "compiler": "", "sources": "", "images": []})])
def test_a_record_that_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "build.json").write_text(text)
    assert BuildRecord.read(tmp_path) is None


def test_programs_that_are_not_those_of_the_record(tmp_path: Path) -> None:
    record = BuildRecord("own", "", "", "", {"a": hashlib.sha256(b"1").hexdigest(), "b": "",
                                             "c": hashlib.sha256(b"3").hexdigest()})
    (tmp_path / "a.aplx").write_bytes(b"1")
    (tmp_path / "c.aplx").write_bytes(b"4")
    assert record.changed(tmp_path) == ["b", "c"]


def test_the_number_of_all_programs_depends_on_them_alone() -> None:
    first = BuildRecord("own", "1", "gcc", "s", {"a": "1", "b": "2"})
    same = BuildRecord("official", "2", "cc", "t", {"b": "2", "a": "1"})
    assert first.content() == same.content()
    others = [BuildRecord("own", "1", "gcc", "s", images)
              for images in ({"a": "1", "b": "3"}, {"a": "1"}, {"a": "1", "c": "2"})]
    assert len({first.content(), *(other.content() for other in others)}) == 4


def test_a_missing_binary_says_how_to_build_it(monkeypatch: pytest.MonkeyPatch,
                                               tmp_path: Path) -> None:
    folder = tmp_path / "pynn_eprop/spinnaker/binaries"
    folder.mkdir(parents=True)
    monkeypatch.setattr(binaries, "FOLDER", folder)
    with pytest.raises(MissingDependencyError, match=r"neuron\.aplx is missing.*made without the "
                       r"cross compiler: install gcc-arm.*pip install --force-reinstall"):
        binaries.binary_path("neuron")
    (tmp_path / "makefiles").mkdir()        # as in a checkout
    with pytest.raises(MissingDependencyError, match=r"neuron\.aplx is missing.*make binaries"):
        binaries.binary_path("neuron")
    assert binaries.symbols_path("neuron") is None
    (folder / "neuron.aplx").write_bytes(b"")
    assert binaries.binary_path("neuron") == folder / "neuron.aplx"


def test_no_path_of_this_machine_is_in_a_binary() -> None:
    for name in ("exerciser.aplx", "exerciser.elf"):
        assert str(ROOT).encode() not in (build() / name).read_bytes()
