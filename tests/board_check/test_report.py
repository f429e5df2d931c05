"""The report: what it says, and what it does not."""

import getpass
import json
from pathlib import Path

import pytest

from pynn_eprop.board_check import report
from pynn_eprop.board_check.cases import CASES
from pynn_eprop.board_check.check import Check, Result, Row
from pynn_eprop.board_check.counts import CoreCounts, Counts
from pynn_eprop.board_check.recorded import AT_THE_END, Difference
from pynn_eprop.board_check.routers import RouterCounts

EQUAL = Row(CASES["regression"], Result.EQUAL, 2, 1, 330, 10080, 1.5)
DIFFERENT = Row(CASES["sparse"], Result.DIFFERENT, 3, 1, 10, 20, 1.5,
                ("in weight", "out weight"),
                Difference("in weight", AT_THE_END, "in weight 0 -> 1 at the end", "0.5", "0.25"))
FAILED = Row(CASES["load"], Result.FAILED, message="the run failed:\ncells on core 0,0,3 hung")


def check(*rows: Row, planned: int | None = None, **counters: int) -> Check:
    counts = Counts(routers=[RouterCounts("sparse", (0, 0), {"sent": 5})])
    if counters:
        full = {"longest_tick": 0, "longest_update": 0, "given_update": 1, "callbacks_lost": 0,
                "user_events_refused": 0, **counters}
        counts.cores.append(CoreCounts("sparse", (0, 0, 3), "eprop_neuron", "network[0:12]",
                                       1000.0, full))
    return Check("emulator", {"SCAMP": "4.0.0"}, list(rows), counts,
                 len(rows) if planned is None else planned)


def test_all_is_well():
    text = report.text(check(EQUAL))
    assert "1 of 1 networks equal those of the host, bit for bit\nboard check: ok" in text
    assert "regression                 2     1     330   10,080   1.5  equal" in text
    assert CASES["regression"].kinds in text and "4.0.0" in text
    assert check(EQUAL).wrong == []


def test_a_row_that_differs_says_where_first_and_what_it_has():
    lines = report.row_lines(DIFFERENT)
    assert lines[0].endswith("DIFFERENT: in weight 0 -> 1 at the end: expected 0.5, found 0.25 "
                             "(and 1 more quantities)")
    assert lines[1:] == [f"    it has: {CASES['sparse'].kinds}",
                         "    differ: in weight, out weight"]
    end = report.verdict_lines(check(EQUAL, DIFFERENT, FAILED))
    assert end[0] == "1 of 3 networks equal those of the host, bit for bit"
    assert end[1].startswith("WRONG: sparse: DIFFERENT: in weight 0 -> 1")
    assert end[2] == "WRONG: load: FAILED: the run failed: cells on core 0,0,3 hung"
    assert end[3] == "board check: WRONG"


def test_of_a_failure_the_verdict_has_what_failed_first():
    row = Row(CASES["load"], Result.FAILED, message="the run failed:\ncells hung\nAll is in F.")
    assert check(row).wrong == ["load: FAILED: the run failed: cells hung"]
    assert "    All is in F." in report.row_lines(row)


def test_times_of_a_board_in_software_are_said_to_be_no_chips():
    said = "those of a chip are not known"
    emulated = check(EQUAL, late_spikes=0)
    emulated.emulated = True
    assert said in report.counter_lines(emulated)[0]
    assert said not in report.text(check(EQUAL, late_spikes=0))


def test_nothing_was_counted():
    nothing = Check("spinnaker", rows=[FAILED], planned=1)
    assert report.counter_lines(nothing) == ["no network ran to its end, and nothing was counted"]


def test_what_was_lost_is_wrong_although_all_are_equal():
    found = check(EQUAL, lost_packets=2)
    assert found.wrong == ["packets that found a core's buffer full: 2, network[0:12] of 'sparse' "
                           "on core 0,0,3"]
    assert "board check: WRONG" in report.text(found)
    attention = check(EQUAL, longest_tick=600)
    assert attention.wrong == [] and "board check: attention" in report.text(attention)


def test_what_is_not_complete_is_not_ok():
    row = Row(CASES["load"], Result.INTERRUPTED)
    end = report.verdict_lines(check(EQUAL, row, planned=5))
    assert end == ["1 of 2 networks equal those of the host, bit for bit",
                   "the check is not complete: 3 networks were not begun",
                   "board check: attention"]
    skipped = Row(CASES["many cores"], Result.NOT_RUN, message="it needs 2 chips")
    assert check(EQUAL, skipped).finished
    assert report.verdict_lines(check(EQUAL, skipped)) == [
        "1 of 1 networks equal those of the host, bit for bit", "not possible here: many cores",
        "board check: ok"]
    assert "not run: it needs 2 chips" in report.row_lines(skipped)[0]


def test_the_data_have_what_the_text_has(tmp_path):
    report.write(check(EQUAL, DIFFERENT, late_spikes=3), tmp_path)
    found = json.loads((tmp_path / report.DATA).read_text())
    assert found["verdict"] == "wrong" and found["finished"]
    assert [row["result"] for row in found["networks"]] == ["equal", "different"]
    assert found["networks"][1]["first"] == {
        "name": "in weight", "time": None, "where": "in weight 0 -> 1 at the end",
        "expected": "0.5", "found": "0.25"}
    late, = [row for row in found["counters"] if row["value"] == 3]
    assert late == {"name": "spikes late for their step", "value": 3, "unit": "", "wrong_from": 1,
                    "where": "network[0:12] of 'sparse' on core 0,0,3", "verdict": "wrong",
                    "attention_from": None}
    assert found["cores"][0]["counters"]["late_spikes"] == 3
    assert found["routers"] == [{"network": "sparse", "chip": [0, 0], "counters": {"sent": 5},
                                 "reinjected": False}]


def test_no_user_and_none_of_his_folders_are_in_it(tmp_path, monkeypatch):
    home = tmp_path / "people" / "ada"
    out = home / "work" / "out"
    folder = out / report.FAILURES / "load"
    folder.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setattr(getpass, "getuser", lambda: "ada")
    monkeypatch.setattr(Path, "cwd", lambda: home / "work")
    (folder / "spynnaker.log").write_text(f"read {home}/.spynnaker.cfg of ada, not adapted\n"
                                          "asked https://lea:secret@lab/spalloc\n")
    row = Row(CASES["load"], Result.FAILED, failure_folder=folder,
              message=f"All is in {folder}, and {home / 'work' / 'reports'}; ada@lab, ada.")
    report.write(check(row), out)
    text = (out / report.TEXT).read_text()
    assert "All is in ./failures/load, and CURRENT/reports; USER@lab, USER." in text
    log = (folder / "spynnaker.log").read_text()
    assert log == "read HOME/.spynnaker.cfg of USER, not adapted\nasked https://lab/spalloc\n"
    found = json.loads((out / report.DATA).read_text())
    assert found["networks"][0]["failure"] == "failures/load"
    for path in (out / report.TEXT, out / report.DATA, folder / "spynnaker.log"):
        assert str(tmp_path) not in path.read_text()


@pytest.mark.parametrize("user", ["root", "x"])
def test_names_that_are_nobodys_stay(tmp_path, monkeypatch, user):
    monkeypatch.setattr(getpass, "getuser", lambda: user)
    row = Row(CASES["load"], Result.FAILED, message="root of chip x, y")
    report.write(check(row), tmp_path)
    assert "root of chip x, y" in (tmp_path / report.TEXT).read_text()
