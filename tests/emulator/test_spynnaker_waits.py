"""sPyNNaker waits for an emulated board no longer than it must."""

import sqlite3
import time
from types import SimpleNamespace

import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

from spinn_front_end_common.utilities import sqlite_db, system_control_logic
from spinnman.model.enums import CPUState

from pynn_eprop.emulator.waits import asking_at_once, unsynchronized_databases


def synchronous(path):
    """SQLite's pragma of a database of sPyNNaker's: 2 is "wait for the disk", 0 "do not"."""
    with sqlite_db.SQLiteDB(str(path)) as database:
        database.cursor().execute("PRAGMA synchronous")
        return database.fetchone()[0]


def test_databases_are_not_synchronized_within_the_block_only(tmp_path):
    with unsynchronized_databases():
        assert synchronous(tmp_path / "one.sqlite3") == 0
    assert synchronous(tmp_path / "other.sqlite3") == 2
    assert sqlite_db.sqlite3 is sqlite3


@pytest.mark.parametrize(("ready", "seconds"), [([1, 2, 3, 3], 0.0), ([1], 0.5)])
def test_programs_begin_once_their_cores_are_ready(monkeypatch, ready, seconds):
    """Three cores; in the second case not all become ready, and sPyNNaker's own time is up."""
    asked, signals = [], []

    def count(app_id, state):
        asked.append((app_id, state))
        return ready[min(len(asked), len(ready)) - 1]

    transceiver = SimpleNamespace(
        get_core_state_count=count, get_cpu_infos=lambda *_, **__: [],
        send_signal=lambda app_id, signal: signals.append((app_id, signal.name)))
    monkeypatch.setattr(system_control_logic, "FecDataView",
                        SimpleNamespace(get_transceiver=lambda: transceiver))
    targets = SimpleNamespace(binaries=[], total_processors=3, all_core_subsets=None)
    before = system_control_logic._load_application
    started = time.monotonic()
    with asking_at_once():
        system_control_logic._load_application(targets, 30)
    assert seconds <= time.monotonic() - started
    assert set(asked) == {(30, CPUState.READY)} and signals == [(30, "START")]
    if not seconds:
        assert len(asked) == 4
    assert system_control_logic._load_application is before
    assert system_control_logic.time is time
