"""``pynn-eprop board-check`` on an emulated board: what it finds, and its exit status."""

import json
import os
from dataclasses import replace

import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

from pynn_eprop import cli
from pynn_eprop.board_check import command, machine_facts, report
from pynn_eprop.board_check.cases import CASES
from pynn_eprop.board_check.networks import learning
from pynn_eprop.board_check.recorded import Learned
from pynn_eprop.emulator.configuration import configured
from pynn_eprop.errors import RunInterrupted
from pynn_eprop.spinnaker import binaries
from pynn_eprop.spinnaker.placement.plan import BINARIES, WITH_VALUES
from tests.boards import own_address
from tests.spinnaker.board.breaking import UNDEFINED, break_program


def check(out, *options: str) -> int:
    return cli.main(["board-check", "--out", str(out), *options])


def written(out) -> dict:
    return json.loads((out / report.DATA).read_text())


def test_an_emulated_board_agrees_in_all_networks(tmp_path, capsys):
    """All rows equal, all programs of cores among them, and nothing that a counter minds."""
    assert check(tmp_path) == 0
    printed = capsys.readouterr().out
    assert printed.rstrip().splitlines()[-2] == "board check: ok"
    found = written(tmp_path)
    assert [row["name"] for row in found["networks"]] == list(CASES)
    assert {row["result"] for row in found["networks"]} == {"equal"}
    assert (found["verdict"], found["finished"], found["wrong"]) == ("ok", True, [])
    assert {row["verdict"] for row in found["counters"]} == {"ok"}
    assert {core["program"] for core in found["cores"]} == {*BINARIES.values(), WITH_VALUES}
    counters = {row["name"]: row["value"] for row in found["counters"]}
    # every network sends, and the one over several chips over links; a step takes some time
    assert counters["packets sent, by the routers"] > 10_000
    assert counters["packets that came over links"] > 1_000
    assert 1.0 < counters["longest step, of a time step"] < 50.0
    by_name = {row["name"]: row for row in found["networks"]}
    assert by_name["many cores"]["chips"] > 1 and by_name["many cores"]["cores"] == 41
    assert by_name["load"]["cores"] == 11
    assert found["facts"]["dead chips"] == found["facts"]["dead links"] == "none"
    assert found["facts"]["machine"].endswith("4 chips, 72 cores")
    assert "own libraries" in found["facts"]["program eprop_neuron"]
    assert os.environ["HOME"] not in (tmp_path / report.TEXT).read_text()


def patched(*arguments, **setup):
    """A network whose weights on the host are a bit larger than they should be."""
    found = learning.clopath(*arguments, **setup)
    weights = found["out weight"].values.copy()
    weights[3] += 2.0 ** -15
    return {**found, "out weight": Learned(found["out weight"].names, weights)}


def test_a_network_that_disagrees_or_fails_is_named_and_the_others_go_on(
        tmp_path, monkeypatch, capsys):
    """Cores of all but Clopath's rule crash when they learn."""
    disagrees = replace(CASES["Clopath's rule"], name="disagrees", expected=patched)
    needy = replace(CASES["regression"], name="needy", chips=5)
    unbuilt = replace(CASES["regression"], name="unbuilt", binary="no_such_program")
    bad = replace(CASES["regression"], name="bad", setup={"pause": "long"})
    chosen = (disagrees, CASES["regression"], needy, unbuilt, bad, CASES["Clopath's rule"])
    monkeypatch.setattr(command, "CASES", {case.name: case for case in chosen})
    break_program(tmp_path, "population_filter", UNDEFINED, monkeypatch)
    out = tmp_path / "out"
    assert check(out) == 1
    found = written(out)
    assert {row["name"]: row["result"] for row in found["networks"]} == {
        "disagrees": "different", "regression": "failed", "needy": "not_run", "unbuilt": "not_run",
        "bad": "failed", "Clopath's rule": "equal"}
    by_name = {row["name"]: row for row in found["networks"]}
    first = by_name["disagrees"]["first"]
    assert first["where"] == "out weight 1 -> 1 at the end"
    assert float(first["expected"]) - float(first["found"]) == 2.0 ** -15
    assert by_name["disagrees"]["differs"] == ["out weight"]
    assert "undefined instruction" in by_name["regression"]["message"]
    assert by_name["bad"]["message"].startswith("SetupError: setup(): pause='long'")
    assert by_name["needy"]["message"] == "it needs 5 chips, and the machine has 4"
    assert by_name["unbuilt"]["message"] == "no_such_program was not built"
    failure = out / by_name["regression"]["failure"]
    assert "undefined instruction" in (failure / "report.txt").read_text()
    printed = capsys.readouterr().out
    assert "WRONG: disagrees: DIFFERENT: out weight 1 -> 1 at the end: expected" in printed
    assert printed.rstrip().splitlines()[-2] == "board check: WRONG"

    # the report of an earlier check, and what failed then, makes room
    monkeypatch.setattr(command, "CASES", {"needy": needy})
    assert check(out) == 0
    assert not (out / report.FAILURES).exists()


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt(), RunInterrupted("after update 2")])
def test_ctrl_c_leaves_the_report_of_what_is_done(tmp_path, monkeypatch, capsys, interrupt):
    """Anywhere, and within a run, which notes it and ends with an error."""
    def interrupted(*_arguments, **_setup):
        raise interrupt

    chosen = [CASES["Clopath's rule"], replace(CASES["sparse"], script=interrupted),
              CASES["load"]]
    monkeypatch.setattr(command, "CASES", {case.name: case for case in chosen})
    assert check(tmp_path) == 130
    found = written(tmp_path)
    assert [row["result"] for row in found["networks"]] == ["equal", "interrupted"]
    assert not found["finished"] and found["verdict"] == "attention"
    assert "1 networks were not begun" in capsys.readouterr().out


def test_a_full_disk_leaves_the_table_on_the_screen_and_names_the_file(tmp_path, capsys):
    (tmp_path / report.TEXT).symlink_to("/dev/full")    # a device on which there is no space
    assert check(tmp_path, "--only", "regression") == 1
    printed = capsys.readouterr()
    assert "board check: ok" in printed.out and "have it all" not in printed.out
    assert f"No space left on device: '{tmp_path / report.TEXT}'" in printed.err


def test_clocks_are_compared_on_a_machine(tmp_path, monkeypatch):
    """Here it is an emulated board, whose clock stands while nothing is due."""
    monkeypatch.setattr(machine_facts, "LOOPBACK", "nothing")
    monkeypatch.setattr(machine_facts, "CLOCK_SECONDS", 0.05)
    assert check(tmp_path, "--only", "reset") == 0
    found = written(tmp_path)
    (host, machine), = found["clocks"]
    assert host >= 50.0 and machine == pytest.approx(0.0, abs=5.0)
    assert found["verdict"] == "attention" and found["wrong"] == []
    assert {row["name"] for row in found["counters"] if row["verdict"] != "ok"} == {
        "clock of the machine, off the host's"}


def test_no_machine_is_bad_input(tmp_path, capsys):
    address = own_address()
    with configured(address, 3, waits=False):
        assert check(tmp_path, "--backend", "spinnaker") == 2
    error = capsys.readouterr().err
    assert "sPyNNaker got no machine" in error and "machine_name" in error


def test_a_virtual_board_is_bad_input(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".spynnaker.cfg").write_text("[Machine]\nvirtual_board = True\nversion = 5\n")
    assert check(tmp_path / "out", "--backend", "spinnaker") == 2
    assert "virtual_board = True" in capsys.readouterr().err


def test_binaries_that_are_missing_are_bad_input(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(binaries, "FOLDER", tmp_path / "empty")
    assert check(tmp_path / "out") == 2
    assert "the SpiNNaker binary eprop_clopath.aplx is missing" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("options", "message"), [
    (["--condition", "drain=1"], "there is no condition 'drain'; did you mean 'drain_us'?"),
    (["--backend", "spinnaker", "--condition", "drain_us=1"], "is for --backend emulator")])
def test_bad_conditions(tmp_path, capsys, options, message):
    assert check(tmp_path / "out", *options) == 2
    assert message in capsys.readouterr().err


def test_bad_options(tmp_path, capsys):
    for options, message in ((["--only", "nothing"], "invalid choice: 'nothing'"),
                             (["--backend", "host"], "invalid choice: 'host'")):
        with pytest.raises(SystemExit, match="2"):
            check(tmp_path, *options)
        assert message in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    assert check(tmp_path / "file") == 2
    assert "is a file" in capsys.readouterr().err
