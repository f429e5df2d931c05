"""Weight files through the backend."""

import numpy as np
import pytest

import pynn_eprop.host as sim
from pynn_eprop.errors import CheckpointError
from tests.host.networks import STEPS, learning_network, weights

T = float(STEPS)


@pytest.mark.parametrize("precision", ["float32", "float64", "reference"])
def test_weights_and_biases_come_back(tmp_path, precision):
    net = learning_network(precision, bias_optimizer="adam")
    sim.run(3 * T)
    saved, bias = weights(net), net.readout.get("bias", simplify=False)
    sim.save_weights(tmp_path / "w.npz")
    sim.run(T)
    other = learning_network(precision, seed=99, bias_optimizer="adam")
    sim.load_weights(tmp_path / "w.npz")
    np.testing.assert_array_equal(weights(other), saved)
    np.testing.assert_array_equal(other.readout.get("bias", simplify=False), bias)
    sim.run(1.0)
    np.testing.assert_array_equal(weights(other), saved)
    sim.reset()
    np.testing.assert_array_equal(weights(other), saved)     # loaded at time 0


def test_entries_have_the_labels_and_shapes_of_the_projections(tmp_path):
    net = learning_network(bias_optimizer="adam")
    sparse = sim.Projection(net.clock, net.cells, sim.FixedProbabilityConnector(0.3),
                            sim.EPropSynapse(weight=0.1), label="sparse")
    sim.save_weights(tmp_path / "w.npz")
    with np.load(tmp_path / "w.npz") as file:
        assert set(file.files) == {"in", "recurrent", "out", "back", "sparse", "readout.bias"}
        assert file["in"].shape == (5, 12)
        assert not np.any(np.diag(file["recurrent"]))
        assert file["sparse"].dtype.names == ("pre", "post", "weight")
        assert [tuple(row) for row in file["sparse"].tolist()] == sparse.get("weight", "list")


def test_symmetric_feedback_has_no_entry(tmp_path):
    learning_network(feedback=sim.LearningSignal(symmetric=True))
    sim.save_weights(tmp_path / "w.npz")
    with np.load(tmp_path / "w.npz") as file:
        assert set(file.files) == {"in", "recurrent", "out"}


def test_files_of_other_networks_are_refused_and_change_nothing(tmp_path):
    learning_network(cells=7)
    sim.save_weights(tmp_path / "w.npz")
    net = learning_network()
    before = weights(net)
    with pytest.raises(CheckpointError, match=r"'in' are a matrix \(5, 7\), but the projection"):
        sim.load_weights(tmp_path / "w.npz")
    with pytest.raises(CheckpointError, match="does not exist"):
        sim.load_weights(tmp_path / "other.npz")
    np.testing.assert_array_equal(weights(net), before)
