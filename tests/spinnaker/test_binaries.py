"""Building SpiNNaker binaries: their size is printed and bounded; a missing one is an error."""

import subprocess
from pathlib import Path

import pytest

from pynn_eprop.errors import MissingDependencyError
from pynn_eprop.spinnaker import binaries
from tests.runtime.builds import ROOT, build


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
     [], "ITCM"),
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
