"""Small networks and sequences for tests of learning in intervals."""

import numpy as np

from pynn_eprop.intervals import UnitNetwork

NETWORKS = {
    "LSTM": UnitNetwork(4, 3, 2),
    "LSTM, tanh, classes of words": UnitNetwork(3, 2, 4, loss="softmax", words=5,
                                                tanh_output=True),
    "tanh": UnitNetwork(4, 3, 2, "tanh", leak=0.7),
    "sigmoid, classes": UnitNetwork(4, 3, 3, "sigmoid", "softmax", leak=0.5),
    "ReLU, words": UnitNetwork(3, 2, 2, "relu", words=4, leak=0.5),
}


def first_weights(network, seed=0):
    """Weights that are all different from 0."""
    return network.first_parameters(seed, uniform=0.8, forget_bias=0.5)


def sequences(network, steps, batch, seed=0):
    """Inputs, targets and active steps as machines take them."""
    rng = np.random.default_rng(seed)
    if network.words is None:
        inputs = rng.normal(size=(steps, batch, network.inputs))
    else:
        inputs = rng.integers(0, network.words, (steps, batch))
    if network.loss == "softmax":
        targets = rng.integers(0, network.outputs, (steps, batch))
    else:
        targets = rng.integers(0, 2, (steps, batch, network.outputs)).astype(float)
    active = rng.random(steps) < 0.7
    active[-1] = True
    return {"inputs": inputs, "targets": targets, "active": active}
