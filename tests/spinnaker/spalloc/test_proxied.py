"""Machines lent by a new spalloc server and reached through it: a stand-in with emulated boards."""

import os

import numpy as np
import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

import pynn_eprop.host as host
import pynn_eprop.spinnaker as sim
from evidence.shared.many_cores import INTERVAL, build
from pynn_eprop import errors
from pynn_eprop.emulator.layout import SDRAM
from pynn_eprop.spinnaker.transfer.bulk import Content, Place, read_many, write_many
from tests.spinnaker.spalloc.jobs import Jobs, State, spynnaker_uses
from tests.spinnaker.spalloc.proxied import ProxyingServer, plain_http
from tests.spinnaker.spalloc.test_classic import found, learned


@pytest.fixture
def server():
    with ProxyingServer(Jobs(queued=0.0, powering=0.0)) as made, plain_http(), \
            spynnaker_uses(*made.lines):
        yield made


def test_a_network_learns_on_a_machine_behind_a_proxy(server):
    projection = build(sim, 3)
    sim.run(INTERVAL)
    np.testing.assert_array_equal(found(projection), learned(host, 1, precision="fixed"))
    job, = server.jobs.all.values()
    assert (job.n_boards, job.state) == (1, State.READY)
    assert job.heard
    # small places go in packets, each large one in a request of its own
    contents = [Content(0, 0, SDRAM + (100 << 20) + 10_000 * number, os.urandom(size))
                for number, size in enumerate((3, 4096, 4097, 9000))]
    before = server.heard.copy()
    write_many(contents)
    assert read_many([Place(*each[:3], each.size) for each in contents]) == [
        each.data for each in contents]
    assert server.heard - before == {"_read": 2, "_write": 2}
    # the server ends the job between two runs
    server.jobs.destroy(job, "maintenance")
    with pytest.raises(errors.MachineError, match=r"(?s)from 20 to 40 ms failed:\nthe spalloc "
                       r"server has ended the job.*weights after update 1\.$"):
        sim.run(INTERVAL)
    np.testing.assert_array_equal(found(projection), learned(host, 1, precision="fixed"))
    sim.end()


def test_more_boards_than_the_server_has(server):
    projection = build(sim, 3, n_boards_required=3)
    with pytest.raises(errors.MachineError, match=r"(?s)sPyNNaker got no machine \(ValueError: "
                       r"Unexpected response from server 400.*No suitable machines"):
        sim.run(INTERVAL)
    assert np.all(found(projection)[0] == 0.25)
