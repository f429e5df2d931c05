"""Machines lent by a classic spalloc server: a stand-in with emulated boards."""

import threading
import time
import warnings

import numpy as np
import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

from spalloc_client.protocol_client import ProtocolClient

import pynn_eprop.host as host
import pynn_eprop.spinnaker as sim
from evidence.shared.many_cores import INTERVAL, build
from pynn_eprop import errors
from tests.spinnaker.spalloc.classic import ClassicServer
from tests.spinnaker.spalloc.jobs import Jobs, State, spynnaker_uses

LENT = [State.QUEUED, State.POWER, State.READY]


def learned(module, updates, **setup):
    """Input weights and gradients after so many updates."""
    projection = build(module, 3, **setup)
    for _ in range(updates):
        module.run(INTERVAL)
    return found(projection)


def found(projection):
    return [projection.get(what, format="array") for what in ("weight", "gradient")]


@pytest.fixture
def server():
    with ClassicServer(Jobs()) as made, spynnaker_uses(*made.lines):
        yield made


def test_a_network_learns_on_a_lent_machine(server, monkeypatch, tmp_path):
    """What it learns is the host's; the server hears of it as long as it needs the machine."""
    (tmp_path / ".spalloc").write_text("[spalloc]\nkeepalive = 2\n")    # the client's own
    monkeypatch.chdir(tmp_path)
    np.testing.assert_array_equal(learned(sim, 2, n_boards_required=1),
                                  learned(host, 2, precision="fixed"))
    job, = server.jobs.all.values()
    assert (job.n_boards, job.keepalive, job.states) == (1, 2.0, LENT)
    assert server.owners == ["somebody"]
    before = job.heard
    time.sleep(2.5)         # without a word of the script
    assert job.heard > before and job.state is State.READY
    sim.end()
    assert job.states == [*LENT, State.DESTROYED]
    assert job.board is None


def test_a_server_and_no_user():
    with spynnaker_uses("spalloc_server = 127.0.0.1"), \
            pytest.raises(errors.SetupError, match=r"spalloc_server and no spalloc_user"):
        build(sim, 3)


def test_more_boards_than_the_server_has(server):
    projection = build(sim, 3, n_boards_required=3)
    with pytest.raises(errors.MachineError, match=r"(?s)to 20 ms failed:\nsPyNNaker got no machine "
                       r"\(JobDestroyedError: No suitable machines available\.\).*"
                       r"spalloc_server = spalloc://.*version = 5$"):
        sim.run(INTERVAL)
    assert {job.n_boards for job in server.jobs.all.values()} == {3}
    assert all(job.state is State.DESTROYED for job in server.jobs.all.values())
    assert np.all(found(projection)[0] == 0.25)


def test_a_job_that_is_ended_in_the_middle_of_a_run(server):
    """Its boards go off while cores run; what was learned until the last stop stays."""
    projection = build(sim, 3)
    sim.run(INTERVAL)
    job, = server.jobs.all.values()

    def end_it() -> None:
        started = job.board.machine.now
        while job.board.machine.now == started:
            time.sleep(0.001)
        server.jobs.destroy(job, "maintenance")

    ending = threading.Thread(target=end_it)
    ending.start()
    with pytest.raises(errors.MachineError, match=r"(?s)from 20 to 8020 ms failed:\nthe spalloc "
                       r"server has ended job 1 and taken the machine back: maintenance \(.*"
                       r"weights after update 1\.$"):
        sim.run(400 * INTERVAL)
    ending.join()
    np.testing.assert_array_equal(found(projection), learned(host, 1, precision="fixed"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sim.end()


def test_a_job_of_which_nothing_is_heard():
    """The stand-in itself: it ends such a job, tells who asked for it, and knows its reason."""
    with ClassicServer(Jobs(queued=60.0)) as server, \
            ProtocolClient("127.0.0.1", server.server_address[1], 5.0) as client:
        number = client.create_job(5.0, 1, owner="somebody", keepalive=0.2)
        client.notify_job(number)
        assert client.get_job_state(number)["state"] == State.QUEUED
        assert client.wait_for_notification(5.0) == {"jobs_changed": [number]}
        assert client.get_job_state(number)["reason"] == "Job timed out."
        assert client.get_job_state(number + 1)["state"] == State.UNKNOWN
