"""Networks and targets that BrainScaleS-2 cannot have, and what the fake of its module refuses."""

from dataclasses import replace

import numpy as np
import pytest
from pyNN import errors as pynn_errors

from pynn_eprop.errors import (
    CapacityError,
    SetupError,
    UnsupportedError,
)
from pynn_eprop.in_the_loop.fitting import as_run, part_on_chip
from pynn_eprop.in_the_loop.machine import LoopMachine
from pynn_eprop.in_the_loop.substrates import BrainScaleSSubstrate
from tests.descriptions import alif, all_pairs, synapses
from tests.in_the_loop import fake_brainscales as fake
from tests.in_the_loop.on_fake_chip import ADAM, CELLS, cells, net, on_chip, wide

# --- what is refused before anything is done ---

@pytest.mark.parametrize(("keywords", "said"), [
    ({"leak": 49}, "leak=49 must be a whole number of 50 to 160"),
    ({"leak": 80.5}, "leak=80.5 must be a whole number"),
    ({"reset": 161}, "reset=161 must"), ({"threshold": 221}, "threshold=221 must"),
    ({"threshold": 80}, "threshold=80 must be above leak=80 and reset=80"),
    ({"tau_syn": 0.2}, "tau_syn=0.2 must be a number of 0.3 to 30"),
    ({"tau_syn": "5"}, "tau_syn='5'"), ({"sample_period": 1.0}, "sample_period=1.0 must"),
    ({"cadc_offset": np.nan}, "cadc_offset=nan"),
    ({"cell": {"tau": 1}}, "cell: 'tau' is unknown"),
    ({"cell": {"synapse_dac_bias": 20}}, "synapse_dac_bias=20 must be a whole number of 30 to"),
    ({"setup": {"neuronPermutation": [1, 1]}}, "neuronPermutation=.* different whole numbers"),
    ({"setup": {"neuronPermutation": [512]}}, "neuronPermutation=.* of 0 to 511")])
def test_targets_out_of_range(keywords, said):
    with pytest.raises(SetupError, match=said):
        BrainScaleSSubstrate(fake, **keywords)


@pytest.mark.parametrize(("parameters", "said"), [
    ({"tau_m": 61.0}, "cells: tau_m=61 ms is 61 us on the chip; calibration supports 0.5 to 60"),
    ({"refractory_steps": 33}, "cells: tau_refrac=33 ms is 33 us.*0.04 to 32"),
    ({"v_thresh": np.linspace(0.5, 0.7, CELLS)}, "cells: v_thresh from 0.5 to 0.7.*one value")])
def test_cells_that_cannot_be_calibrated(parameters, said):
    with pytest.raises(UnsupportedError, match=said):
        on_chip(net(cells(**parameters)))
    assert fake.simulator.state is None     # the module was not called


@pytest.mark.parametrize(("parameters", "said"), [
    ({"tau_syn": np.linspace(2.0, 3.0, CELLS)}, "tau_syn from 2 to 3"),
    ({"tau_syn": np.full(CELLS, 31.0)}, "tau_syn=31 ms"),
    ({"tau_syn": np.zeros(CELLS)}, "tau_syn=0 ms"),
    ({"v_reset": np.full(CELLS, -0.1)}, "v_reset=-0.1, but reset=80 is 0 with leak=80")])
def test_current_based_cells_that_cannot_be_calibrated(parameters, said):
    run = as_run(net(), BrainScaleSSubstrate(fake))
    kind = replace(run.populations[1], **parameters)
    with pytest.raises(UnsupportedError, match=said):
        on_chip(net(kind))


def test_cells_that_adapt():
    with pytest.raises(UnsupportedError, match="cells: EPropALIF cells cannot run on brainscales"):
        on_chip(net(alif(CELLS)))


def test_two_synapses_between_two_cells():
    twice = synapses(0, 1, [(0, 0), (0, 0)], optimizer=ADAM)
    with pytest.raises(UnsupportedError, match="0 to 1: two synapses between the same two cells"):
        on_chip(net(first=twice))


@pytest.mark.parametrize(("described", "said"), [
    (wide(1, 513, [(0, 0)]), "brainscales has 512 cells, the network 513"),
    (wide(129, 2, all_pairs(129, 2)), "129 synapses, of 2 rows each.* enough for 128 synapses"),
    (wide(1, 40, [(0, 0)], [(pre, 39) for pre in range(33)]), None),
    (wide(100, 40, all_pairs(100, 1), [(pre, 39) for pre in range(33)]),
     "need 133 drivers in hemisphere 0, 100 of them those of sources; brainscales has 128")])
def test_networks_that_do_not_fit(described, said):
    if said is None:
        LoopMachine(described, BrainScaleSSubstrate(fake))
        return
    with pytest.raises(CapacityError, match=said):
        LoopMachine(described, BrainScaleSSubstrate(fake))


def test_a_delay_that_is_not_a_step():
    with pytest.raises(CapacityError, match="a delay of 2 ms; brainscales has none"):
        on_chip(net(first=synapses(0, 1, [(0, 0)], delay=2, optimizer=ADAM)))


def test_cells_of_columns_of_one_bus():
    """40 columns of bus 0: 0 to 31, and 128 to 135, each cell onto the last."""
    permutation = [*range(32), *range(128, 136)]
    described = wide(1, 40, [(0, 0)], [(pre, 39) for pre in range(39)])
    with pytest.raises(CapacityError, match=r"need 39 drivers of bus 0 in hemisphere 0.*has 32"):
        LoopMachine(described, BrainScaleSSubstrate(
            fake, setup={"neuronPermutation": permutation}))
    LoopMachine(described, BrainScaleSSubstrate(fake))
    with pytest.raises(CapacityError, match="neuronPermutation has 39 circuits, the network 40"):
        LoopMachine(described, BrainScaleSSubstrate(
            fake, setup={"neuronPermutation": list(range(39))}))


def test_the_router_refuses_whatever_is_refused(monkeypatch):
    """The fake's router deals drivers out one source after the other, as the module's does.

    Random networks, on circuits in order, spread, and drawn over both hemispheres."""
    answers = []
    for seed in range(9):
        draws = np.random.default_rng(seed)
        size, sources = int(draws.integers(50, 90)), int(draws.integers(40, 80))
        circuits = (np.arange(size), np.arange(size) * 7 % 256, draws.permutation(512)[:size])
        described = wide(sources, size,
                         np.argwhere(draws.random((sources, size)) < draws.uniform(0.4, 1.0)),
                         np.argwhere(draws.random((size, size)) < draws.uniform(0.4, 1.0)))
        substrate = BrainScaleSSubstrate(
            fake, setup={"neuronPermutation": circuits[seed % 3].tolist()})
        part = part_on_chip(as_run(described, substrate), {1: 1.0})
        try:
            substrate.configure(part)
            answers.append(False)
        except CapacityError:
            monkeypatch.setattr(substrate, "_check_rows", lambda network: None)
            substrate.configure(part)
            with pytest.raises(RuntimeError, match="Source distribution not successful"):
                fake.run(None, fake.RunCommand.PREPARE)
            answers.append(True)
    assert 3 <= sum(answers) <= 7


def test_a_hundred_cells_onto_each_other_leave_room_for_28_sources(chip):
    """Without synapses onto themselves, too: drivers are those of the 32 cells of a column group,
    of which other cells have all."""
    def described(sources):
        return wide(sources, 100, all_pairs(sources, 100),
                    all_pairs(100, 100, self_connections=False))

    LoopMachine(described(28), BrainScaleSSubstrate(fake))
    fake.run(None, fake.RunCommand.PREPARE)
    assert chip.calibrations == 1
    with pytest.raises(CapacityError, match="need 129 drivers in hemisphere 0, 29 of them"):
        LoopMachine(described(29), BrainScaleSSubstrate(fake))


# --- the fake refuses what the module refuses ---

def test_the_fake_refuses_as_the_module_does():
    for keywords, error in (({"foo": 1}, KeyError), ({"neuronPermutation": [8, 8]}, ValueError),
                            ({"neuronPermutation": [513]}, OverflowError),
                            ({"neuronPermutation": [-1]}, TypeError),
                            ({"dt": 0.1}, Exception), ({"min_delay": 0}, Exception)):
        with pytest.raises(error):
            fake.setup(**keywords)
    fake.setup()
    sources = fake.Population(3, fake.cells.SpikeSourceArray(spike_times=[]))
    made = fake.Population(3, fake.cells.CalibHXNeuronCuba())
    pair = [fake.Projection(sources, made, fake.AllToAllConnector(),
                            fake.synapses.StaticSynapse(weight=0), receptor_type=receptor)
            for receptor in ("excitatory", "inhibitory")]
    for projection, weight in zip(pair, (-1, 1), strict=True):
        with pytest.raises(pynn_errors.ConnectionError, match="Weights must be positive"):
            projection.set(weight=weight)
    pair[0].set(weight=42.5)
    assert pair[0].get("weight", "list")[0] == (0, 0, 42)
    with pytest.raises(ValueError, match="delay unequal 0"):
        fake.Projection(sources, made, fake.AllToAllConnector(),
                        fake.synapses.StaticSynapse(weight=1, delay=1.0),
                        receptor_type="excitatory")
    with pytest.raises(IndexError):     # why the adapter takes a matrix
        fake.Projection(sources, made, fake.FromListConnector([(1, 0), (2, 0)]),
                        fake.synapses.StaticSynapse(), receptor_type="excitatory")
    with pytest.raises(NotImplementedError, match="Sampling interval"):
        made.record("v", sampling_interval=1.0, device="cadc")
    with pytest.raises(ValueError, match="delay unequal 0"):
        pair[0].set(delay=1.0)
    made.record("v", device="cadc")
    with pytest.raises(ValueError, match="Only one source"):
        made.record("exc_synin", device="cadc")
    with pytest.raises(RuntimeError, match="Unknown variable"):
        made.record("w")
    with pytest.raises(ValueError, match="No experiment"):
        fake.run(None)
    with pytest.raises(IndexError):
        made.get_data()
    fake.run(0.01)
    with pytest.raises(RuntimeError, match=r"Call `pynn\.reset"):
        fake.run(0.01)
    fake.reset()
    made.set(v_rest=90)
    with pytest.raises(ValueError, match="not valid for reference topology"):
        fake.run(0.01)


def test_the_fake_loses_spikes_that_are_set_before_it_is_prepared(chip):
    """As the module does: a run takes what has changed since, and PREPARE is one that ends at 0."""
    fake.setup()
    sources = fake.Population(2, fake.cells.SpikeSourceArray(spike_times=[0.002]))
    cells_there = fake.Population(1, fake.cells.CalibHXNeuronCuba())
    fake.Projection(sources, cells_there, fake.AllToAllConnector(), fake.synapses.StaticSynapse(),
                    receptor_type="excitatory")
    fake.run(None, fake.RunCommand.PREPARE)
    fake.run(0.01)
    assert [len(each) for each in chip.sent[sources.label]] == [0, 0]
    fake.reset()
    sources.set(spike_times=[0.002])
    fake.run(0.01)
    assert [len(each) for each in chip.sent[sources.label]] == [1, 1]


def test_the_fake_has_two_cells_at_most_for_the_fast_converter():
    fake.setup()
    fake.Population(3, fake.cells.CalibHXNeuronCuba()).record("v")
    with pytest.raises(RuntimeError, match="execution instances unsuccessful"):
        fake.run(None, fake.RunCommand.PREPARE)
