"""Gradients of sparse blocks: spike by spike or tile by tile, they have the same bits.

Which way a block goes depends on the share of pairs that it connects: silent sources with many
synapses change it, and nothing else.
"""

from dataclasses import replace

import numpy as np
import pytest

from pynn_eprop.engine import HostEngine
from pynn_eprop.models.cells import Sources
from pynn_eprop.models.losses import MSE
from pynn_eprop.models.network import Inputs
from pynn_eprop.models.optimizers import SGD
from tests.descriptions import alif, feedback, network, readouts, synapses

SOURCES, CELLS, STEPS = 40, 300, 60
SHARE = 0.05            # of the pairs, connected: spike by spike
SILENT = 8              # connected to all: 1/8 to 1/4 of the pairs, tile by tile and not dense


def learning(silent: int, threads: int):
    """Sources, of which the last are silent, that drive adaptive cells; mixed delays of a block."""
    rng = np.random.default_rng(5)
    pairs = np.argwhere(rng.random((SOURCES, CELLS)) < SHARE)
    weight = rng.normal(0.3, 0.2, len(pairs))
    everywhere = [(SOURCES + i, j) for i in range(silent) for j in range(CELLS)]
    pairs = [*map(tuple, pairs), *everywhere]
    weight = np.concatenate([weight, np.zeros(len(everywhere))])
    described = network(
        [Sources("sources", SOURCES + silent), alif(CELLS, c_reg=0.1),
         readouts(2, loss=MSE(), target=rng.normal(size=(2, STEPS)))],
        [synapses(0, 1, pairs, weight, delay=2, optimizer=SGD(lr=0.01)),
         synapses(1, 2, [(j, j % 2) for j in range(CELLS)], 0.1, optimizer=SGD(lr=0.01))],
        [feedback(2, 1, rng.normal(size=(CELLS, 2)))], interval_steps=STEPS, trials_per_update=2)
    return replace(described, settings=replace(described.settings, threads=threads)), \
        len(pairs) - len(everywhere)


def weights(silent: int, precision: str, threads: int) -> np.ndarray:
    """Of the synapses that spikes reach, after two updates."""
    described, active = learning(silent, threads)
    steps = np.repeat(np.arange(4 * STEPS), 3)
    cells = np.random.default_rng(6).integers(0, SOURCES, len(steps))
    engine = HostEngine(described, precision)
    engine.run(4 * STEPS, Inputs(spikes={0: (steps, cells)}))
    before = described.projections[0].weight[:active]
    assert np.mean(engine.weights(0)[:active] != before) > 0.9      # they learn
    return engine.weights(0)[:active]


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_both_ways_give_the_same_bits(precision, threads):
    expected = weights(SILENT, precision, threads=1)
    np.testing.assert_array_equal(weights(0, precision, threads), expected)
