"""Scripts that NEST must refuse, by name; each gets the backend module."""

from typing import Any

import numpy as np

from pynn_eprop import SGD
from tests.nest.tiny import STEPS, Network, Tiny


def _started(sim: Any, record: bool = False) -> Network:
    """A tiny network after its first interval."""
    network = Tiny().build(sim)
    if record:
        network.readout.record("y")
    sim.run(float(STEPS))
    if record:
        network.readout.get_data()
    return network


def _teach(sim: Any, readout: Any, cells: Any) -> None:
    sim.Projection(readout, cells, sim.AllToAllConnector(), sim.LearningSignal(weight=1.0),
                   receptor_type="learning_signal")


def cells_without_intervals(sim: Any) -> None:
    sim.setup(timestep=1.0)
    sim.Population(1, sim.EPropLIF())


def synapses_without_intervals(sim: Any) -> None:
    sim.setup(timestep=1.0)
    cells = sim.Population(1, sim.IF_curr_exp())
    sim.Projection(cells, cells, sim.AllToAllConnector(), sim.EPropSynapse(weight=1.0))


def two_time_constants(sim: Any) -> None:
    network = Tiny().build(sim)
    other = sim.Population(1, sim.EPropReadout(tau_m=10.0, target=np.ones((1, STEPS))))
    _teach(sim, other, network.cell)
    sim.run(1.0)


def error_module(sim: Any) -> None:
    Tiny(readout={"loss": None}, synapse={"optimizer": None}).build(sim)
    sim.run(1.0)


def _with_stock(sim: Any) -> tuple[Network, Any]:
    return Tiny().build(sim), sim.Population(1, sim.IF_curr_exp(), label="stock")


def stock_cells_before_plastic_synapses(sim: Any) -> None:
    network, stock = _with_stock(sim)
    sim.Projection(stock, network.cell, sim.AllToAllConnector(), sim.EPropSynapse(weight=1.0))
    sim.run(1.0)


def plastic_synapses_to_stock_cells(sim: Any) -> None:
    network, stock = _with_stock(sim)
    sim.Projection(network.cell, stock, sim.AllToAllConnector(), sim.EPropSynapse(weight=1.0))


def stdp_to_cells_that_learn(sim: Any) -> None:
    network = Tiny().build(sim)
    sim.Projection(network.input, network.cell, sim.AllToAllConnector(), sim.STDPMechanism(
        timing_dependence=sim.SpikePairRule(), weight_dependence=sim.AdditiveWeightDependence()))


def no_learning_signal(sim: Any) -> None:
    sim.setup(timestep=1.0, update_interval=float(STEPS))
    cells = sim.Population(1, sim.EPropLIF(), label="cell")
    sim.Projection(cells, cells, sim.AllToAllConnector(), sim.EPropSynapse(weight=1.0))
    sim.run(1.0)


def initial_value(sim: Any) -> None:
    Tiny().build(sim).cell.initialize(v=0.1)


def negative_beta(sim: Any) -> None:
    Tiny().build(sim)
    sim.Population(1, sim.EPropALIF(beta=-0.1), label="adaptive")
    sim.run(1.0)


def current_into_cells_that_learn(sim: Any) -> None:
    Tiny().build(sim).cell.inject(sim.DCSource(amplitude=0.1))


def current_source_into_cells_that_learn(sim: Any) -> None:
    network = Tiny().build(sim)
    sim.DCSource(amplitude=0.1).inject_into(network.cell[0:1])


def learning_off(sim: Any) -> None:
    Tiny().build(sim)
    sim.set_learning(True)      # as it is
    sim.set_learning(False)


def reset(sim: Any) -> None:
    _started(sim)
    sim.reset()


def checkpoint(sim: Any) -> None:
    _started(sim)
    sim.save_checkpoint("checkpoint.npz")


def gradient(sim: Any) -> None:
    _started(sim).forward.get("gradient", "list")


def parameters_after_the_start(sim: Any) -> None:
    _started(sim).cell.set(tau_m=10.0)


def weights_after_the_start(sim: Any) -> None:
    _started(sim).forward.set(weight=1.0)


def population_after_the_start(sim: Any) -> None:
    _started(sim)
    sim.Population(1, sim.IF_curr_exp(), label="late")


def projection_after_the_start(sim: Any) -> None:
    network = _started(sim)
    sim.Projection(network.cell, network.cell, sim.AllToAllConnector(),
                   sim.EPropSynapse(weight=1.0, optimizer=SGD()), label="late")


def learning_signal_of_cells_without_history(sim: Any) -> None:
    network = Tiny(synapse={"optimizer": None}).build(sim)
    network.cell.record("learning_signal")
    sim.run(1.0)


def recording_after_the_start(sim: Any) -> None:
    _started(sim).cell.record("v")


def recording_of_stock_cells_after_the_start(sim: Any) -> None:
    _, stock = _with_stock(sim)
    sim.run(1.0)
    stock.record("v")


def weights_within_an_interval(sim: Any) -> None:
    network = _started(sim)
    sim.run(1.0)
    network.weight(network.forward)


def run_after_weights(sim: Any) -> None:
    network = _started(sim)
    network.weight(network.forward)
    sim.run(1.0)


def spikes_that_nest_has(sim: Any) -> None:
    _started(sim, record=True).input.set(spike_times=sim.Sequence([22.0]))


def target_that_nest_has(sim: Any) -> None:
    _started(sim, record=True).readout.set(target=np.full((1, STEPS), -1.0))


def capacitance_of_stock_cells(sim: Any) -> None:
    Tiny().build(sim)
    sim.Population(1, sim.IF_curr_exp(cm=-1.0), label="stock")


def capacitance_set_later(sim: Any) -> None:
    _with_stock(sim)[1].set(cm=-1.0)


def noise(sim: Any) -> None:
    Tiny().build(sim)
    sim.NoisyCurrentSource(mean=1.0, stdev=-1.0)


def steps_before_time_0(sim: Any) -> None:
    Tiny().build(sim)
    sim.StepCurrentSource(times=[-1.0], amplitudes=[1.0])


def delay_of_stock_synapses(sim: Any) -> None:
    network, stock = _with_stock(sim)
    sim.Projection(network.cell, stock, sim.AllToAllConnector(), sim.StaticSynapse(delay=1e6),
                   label="far")


def model_that_nest_lacks(sim: Any) -> None:
    Tiny().build(sim)
    sim.Population(1, sim.SpikeSourceInhGamma())


def too_many_projections(sim: Any) -> None:
    network = Tiny().build(sim)
    for _ in range(600):
        sim.Projection(network.input, network.cell, sim.AllToAllConnector(),
                       sim.EPropSynapse(weight=0.1))
    sim.run(float(STEPS))
