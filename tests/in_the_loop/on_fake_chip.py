"""A network, and a machine on the fake of BrainScaleS-2's module."""


import numpy as np

from pynn_eprop.in_the_loop.fitting import as_run
from pynn_eprop.in_the_loop.machine import LoopMachine, LoopOptions
from pynn_eprop.in_the_loop.substrates import BrainScaleSSubstrate
from pynn_eprop.models.cells import Sources
from pynn_eprop.models.losses import MSE
from pynn_eprop.models.network import Inputs
from pynn_eprop.models.optimizers import Adam
from pynn_eprop.reference import ReferenceMachine
from tests.descriptions import all_pairs, feedback, lif, network, readouts, record, synapses
from tests.in_the_loop import fake_brainscales as fake
from tests.in_the_loop.networks import cosine

INPUTS, CELLS, T = 5, 12, 60
ADAM = Adam(lr=0.01)
drawn = np.argwhere(np.random.default_rng(1).random((T, INPUTS)) < 0.15)
SPIKES, V, H = (record(1, name, *range(CELLS)) for name in ("spikes", "v", "h"))
LOSS = record(2, "loss", 0)
DEFAULT = LoopOptions()



def inputs(trial=0):
    """The same spikes in each trial."""
    return Inputs({0: (drawn[:, 0] + trial * T, drawn[:, 1])})


def cells(**parameters):
    return lif(CELLS, **{"c_reg": 0.01, "refractory_steps": 3, **parameters})


def net(kind=None, first=None, second=None):
    """Sources, cells that learn, readouts; other cells and projections if they are given."""
    draws = np.random.default_rng(2)
    pairs = all_pairs(CELLS, CELLS, self_connections=False)
    target = np.cumsum(draws.normal(0.0, 0.1, (2, T)), axis=1)
    return network(
        [Sources("inputs", INPUTS), kind or cells(),
         readouts(2, loss=MSE(), target=target, tau_m=20.0, bias_optimizer=ADAM)],
        [first or synapses(0, 1, all_pairs(INPUTS, CELLS), draws.normal(0.6, 0.6, INPUTS * CELLS),
                           optimizer=ADAM),
         second or synapses(1, 1, pairs, draws.normal(0.0, 0.2, len(pairs)), optimizer=ADAM),
         synapses(1, 2, all_pairs(CELLS, 2), draws.normal(0.0, 0.3, 2 * CELLS), optimizer=ADAM)],
        [feedback(2, 1, draws.normal(0.0, 0.5, (CELLS, 2)))], interval_steps=T)


def on_chip(described=None, options=DEFAULT, **keywords):
    """A machine on the fake, of which a level does what the network takes it for."""
    machine = LoopMachine(described or net(), BrainScaleSSubstrate(fake, **keywords), options)
    fake.chip.gain = machine.substrate.describe()["digits_per_level"]["cells"]
    return machine


def reference(machine):
    """The reference with the cells, and the weights, that the chip has."""
    found = ReferenceMachine(as_run(machine.network, machine.substrate))
    for projection in (0, 1):
        found.set_weights(projection, machine.weights_on_chip(projection))
    return found


def cosines(machine, expected):
    return [cosine(machine.gradient(index), expected.gradient(index)) for index in (0, 1)]


def wide(sources, size, onto, among=(), weight=1.0):
    """Sources and cells with these synapses; readouts are not on the chip."""
    projections = [synapses(0, 1, onto, weight)] + ([synapses(1, 1, among)] if len(among) else [])
    return network([Sources("inputs", sources), lif(size)], projections, interval_steps=T)
