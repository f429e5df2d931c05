"""Checkpoints in JAX: of the same arithmetic and gradient only."""

import numpy as np
import pytest

import pynn_eprop.host as host
import pynn_eprop.jax as sim
from pynn_eprop.errors import CheckpointError
from tests.jax.networks import T, learning_network, weights


@pytest.mark.parametrize("setup", [
    {}, {"precision": "float64"}, {"gradient": "bptt"}, {"gradient": "bptt", "truncation": 5.0}])
def test_a_checkpoint_continues_identically(tmp_path, setup):
    net = learning_network(**setup)
    sim.run(2 * T)
    sim.save_checkpoint(tmp_path / "c.npz")
    sim.run(2 * T)
    expected = weights(net)
    net = learning_network(**setup)
    begun = weights(net)
    sim.load_checkpoint(tmp_path / "c.npz")
    assert (sim.get_current_time(), sim.num_updates()) == (2 * T, 2)
    sim.run(2 * T)
    np.testing.assert_array_equal(weights(net), expected)
    assert not np.array_equal(expected, begun)


@pytest.mark.parametrize(("written", "present", "message"), [
    ({}, {"gradient": "bptt"}, "written with gradient='eprop', but this run has gradient='bptt'; "),
    ({"gradient": "bptt"}, {}, "written with gradient='bptt', but this run has gradient='eprop'; "),
    ({"gradient": "bptt", "truncation": 5.0}, {"gradient": "bptt"},
     "written with gradient='bptt', truncation=5, but this run has gradient='bptt'; use the same"),
    ({}, {"precision": "float64"},
     "written with precision='float32' of the backend 'jax', but this run has "
     "precision='float64' of the backend 'jax'; use the same in setup()"),
])
def test_another_gradient_or_precision_is_refused(tmp_path, written, present, message):
    learning_network(**written)
    sim.run(T)
    sim.save_checkpoint(tmp_path / "c.npz")
    net = learning_network(**present)
    before = weights(net)
    with pytest.raises(CheckpointError, match=message):
        sim.load_checkpoint(tmp_path / "c.npz")
    np.testing.assert_array_equal(weights(net), before)
    assert sim.get_current_time() == 0.0


def test_what_decides_no_result_may_change(tmp_path):
    """How much is computed at once is a matter of memory and time."""
    learning_network(gradient="bptt")
    sim.run(T)
    sim.save_checkpoint(tmp_path / "c.npz")
    learning_network(gradient="bptt", trials_at_once=1, rematerialize=5.0, device="cpu")
    sim.load_checkpoint(tmp_path / "c.npz")
    assert sim.num_updates() == 1


def test_a_checkpoint_of_the_host_is_refused(tmp_path):
    host.setup(timestep=1.0, precision="float32")
    host.Population(2, host.EPropLIF())
    host.run(1.0)
    host.save_checkpoint(tmp_path / "c.npz")
    sim.setup(timestep=1.0)
    sim.Population(2, sim.EPropLIF())
    with pytest.raises(CheckpointError, match="written with precision='float32', but this run has "
                                              "precision='float32' of the backend 'jax'"):
        sim.load_checkpoint(tmp_path / "c.npz")


def test_files_from_before_there_was_a_choice_are_of_e_prop(tmp_path):
    from pynn_eprop.common.files.archives import read_archive, write_archive
    net = learning_network()
    sim.run(T)
    expected = weights(net)
    sim.save_checkpoint(tmp_path / "c.npz")
    arrays, header = read_archive(tmp_path / "c.npz")
    assert header.pop("gradient") == "gradient='eprop'"
    write_archive(tmp_path / "old.npz", arrays, header)
    net = learning_network()
    sim.load_checkpoint(tmp_path / "old.npz")
    np.testing.assert_array_equal(weights(net), expected)


def test_setup_keeps_a_checkpoint(tmp_path):
    net = learning_network(checkpoint=tmp_path / "kept.npz")
    sim.run(T)
    sim.end()
    expected = weights(net)
    net = learning_network()
    sim.load_checkpoint(tmp_path / "kept.npz")
    np.testing.assert_array_equal(weights(net), expected)
