"""A network of sources, cells and readouts that learns, for substrates."""

import numpy as np

from pynn_eprop.models.cells import Sources
from pynn_eprop.models.losses import MSE
from pynn_eprop.models.network import Inputs
from pynn_eprop.models.optimizers import Adam
from tests.descriptions import all_pairs, feedback, lif, network, readouts, record, synapses

INPUTS, CELLS, T, TRIALS = 5, 20, 100, 2
ADAM = Adam(lr=0.01)
SPIKES = np.argwhere(np.random.default_rng(1).random((T * TRIALS, INPUTS)) < 0.1)
GIVEN = Inputs({0: (SPIKES[:, 0], SPIKES[:, 1])})
EVERYTHING = (*(record(1, name, *range(CELLS)) for name in ("spikes", "v", "h",
                                                            "learning_signal")),
              *(record(2, name, 0, 1) for name in ("y", "error", "target", "loss")))


def cells(**parameters):
    return lif(CELLS, **{"c_reg": 0.01, "refractory_steps": 3, **parameters})


def net(kind=None, optimizer=ADAM, scale=1.0, **settings):
    draws = np.random.default_rng(2)
    pairs = all_pairs(CELLS, CELLS, self_connections=False)
    target = np.cumsum(draws.normal(0.0, 0.1, (2, T)), axis=1)
    return network(
        [Sources("inputs", INPUTS), kind or cells(),
         readouts(2, loss=MSE(), target=target, tau_m=20.0, bias_optimizer=optimizer)],
        [synapses(0, 1, all_pairs(INPUTS, CELLS),
                  scale * draws.normal(0.3, 0.3, INPUTS * CELLS), optimizer=optimizer),
         synapses(1, 1, pairs, scale * draws.normal(0.0, 0.15, len(pairs)), optimizer=optimizer),
         synapses(1, 2, all_pairs(CELLS, 2), draws.normal(0.0, 0.3, 2 * CELLS),
                  optimizer=optimizer)],
        [feedback(2, 1, draws.normal(0.0, 0.5, (CELLS, 2)))], interval_steps=T, **settings)


def stretch(first, steps):
    """Inputs of a run from a step on."""
    part = SPIKES[(SPIKES[:, 0] >= first) & (SPIKES[:, 0] <= first + steps)]
    return Inputs({0: (part[:, 0], part[:, 1])})


def assert_learned_alike(found, expected, tolerance=1e-10):
    """Gradients, relative to the largest, and weights of two machines."""
    assert found.updates == expected.updates > 0
    for index in range(3):
        gradient = expected.gradient(index)
        assert np.any(gradient)
        np.testing.assert_allclose(found.gradient(index), gradient, rtol=0,
                                   atol=tolerance * np.abs(gradient).max())
        np.testing.assert_allclose(found.weights(index), expected.weights(index), rtol=0,
                                   atol=tolerance)
    np.testing.assert_allclose(found.bias(2), expected.bias(2), rtol=0, atol=tolerance)


def assert_recorded_alike(found, expected):
    """Spikes, more than a hundred, and other recordings of two machines."""
    for one, other in zip(found.entries, expected.entries, strict=True):
        if isinstance(other, tuple):
            assert len(other[0]) > 100
            for each, known in zip(one, other, strict=True):
                np.testing.assert_array_equal(each, known)
        else:
            np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-11)


def cosine(one, other):
    return float(one @ other / np.sqrt((one @ one) * (other @ other)))
