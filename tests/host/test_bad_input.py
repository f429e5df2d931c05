"""Networks that cannot work: each is refused before any work, with the value and the remedy."""

import numpy as np
import pytest
from pyNN.errors import ConnectionError as PyNNConnectionError

import pynn_eprop.host as sim
from pynn_eprop import errors

T = 10.0
EVERYONE = sim.AllToAllConnector()


def parts(update_interval=T, **readout):
    sim.setup(timestep=1.0, update_interval=update_interval, precision="float64")
    clock = sim.Population(2, sim.SpikeSourceArray(spike_times=[1.0, 3.0]), label="clock")
    network = sim.Population(3, sim.EPropLIF(), label="network")
    readout = sim.Population(2, sim.EPropReadout(**{"target": np.zeros((2, 10)), **readout}),
                             label="readout")
    return clock, network, readout


def plastic(pre, post, **kwargs):
    return sim.Projection(pre, post, EVERYONE, sim.EPropSynapse(weight=0.1), **kwargs)


def signal(pre, post, synapse=None, receptor_type="learning_signal"):
    return sim.Projection(pre, post, EVERYONE, synapse or sim.LearningSignal(weight=1.0),
                          receptor_type=receptor_type, label="back")


def refused(error, *fragments):
    """Check a message, and that nothing ran."""
    for fragment in fragments:
        assert fragment in str(error.value)
    assert sim.get_current_time() == 0.0


def test_a_plastic_projection_that_no_learning_signal_reaches():
    clock, network, _ = parts()
    plastic(clock, network, label="in")
    with pytest.raises(errors.NetworkError) as error:
        sim.run(T)
    refused(error, "in: no learning signal reaches network", "LearningSignal(...)",
            "optimizer=None")


def test_a_learning_signal_to_other_cells_does_not_count():
    clock, network, readout = parts()
    plastic(clock, network[0:2], label="in")
    signal(readout, network[2:3])
    with pytest.raises(errors.NetworkError, match="no learning signal reaches network"):
        sim.run(T)


def test_a_plastic_projection_without_update_interval():
    clock, network, readout = parts(update_interval=None)
    plastic(clock, network, label="in")
    signal(readout, network)
    with pytest.raises(errors.NetworkError) as error:
        sim.run(T)
    refused(error, "in: plastic", "setup(update_interval=...)")


def test_learning_biases_without_update_interval():
    parts(update_interval=None, bias_optimizer="adam")
    with pytest.raises(errors.NetworkError) as error:
        sim.run(T)
    refused(error, "readout: biases learn", "setup(update_interval=...)")


def test_a_readout_with_a_loss_and_without_a_target():
    parts(target=None)
    with pytest.raises(errors.TargetError) as error:
        sim.run(T)
    refused(error, "readout: loss='mse' needs a target", "loss=None")


def test_plastic_synapses_onto_a_readout_without_loss():
    _, network, readout = parts(loss=None, target=None)
    plastic(network, readout, label="out")
    with pytest.raises(errors.NetworkError) as error:
        sim.run(T)
    refused(error, "out: plastic synapses onto readout, which has loss=None")


@pytest.mark.parametrize("receptor", ["excitatory", "inhibitory", None])
def test_a_learning_signal_on_a_wrong_receptor(receptor):
    _, network, readout = parts()
    with pytest.raises(errors.NetworkError, match="receptor_type='learning_signal'"):
        signal(readout, network, receptor_type=receptor)


@pytest.mark.parametrize("synapse", [
    lambda: sim.EPropSynapse(weight=0.1), lambda: sim.StaticSynapse(weight=0.1)])
def test_anything_else_on_the_learning_signals_receptor(synapse):
    clock, network, _ = parts()
    with pytest.raises(errors.NetworkError, match="cannot lead to the receptor 'learning_signal'"):
        signal(clock, network, synapse())


def test_a_learning_signal_from_or_to_other_cells():
    clock, network, readout = parts()
    with pytest.raises(errors.NetworkError, match="leads from EPropReadout, not SpikeSourceArray"):
        signal(clock, network)
    stock = sim.Population(2, sim.IF_curr_exp(), label="stock")
    with pytest.raises(PyNNConnectionError, match=r"learning_signal.*'excitatory', 'inhibitory'"):
        signal(readout, stock)
    with pytest.raises(PyNNConnectionError):
        signal(readout, readout)


@pytest.mark.parametrize("forward", [0, 2])
def test_a_symmetric_signal_with_no_or_several_forward_projections(forward):
    _, network, readout = parts()
    for number in range(forward):
        plastic(network, readout, label=f"out{number}")
    signal(readout, network, sim.LearningSignal(symmetric=True))
    with pytest.raises(errors.NetworkError) as error:
        sim.run(T)
    found = "there is none" if not forward else "there are 2: out0, out1"
    refused(error, "back: LearningSignal(symmetric=True) needs exactly one", found,
            "from network to readout")


def test_a_symmetric_signal_that_leaves_synapses_out():
    _, network, readout = parts()
    plastic(network, readout, label="out")
    sim.Projection(readout, network, sim.OneToOneConnector(), sim.LearningSignal(symmetric=True),
                   receptor_type="learning_signal")
    with pytest.raises(errors.NetworkError, match="leaves out 4 of the synapses of out"):
        sim.run(T)


@pytest.mark.parametrize(("make", "fragments"), [
    (lambda: sim.LearningSignal(), ["no feedback weight", "symmetric=True"]),
    (lambda: sim.LearningSignal(symmetric=True, weight=0.1), ["leave a weight out"]),
    (lambda: sim.LearningSignal(symmetric=True, window=5.0), ["leave window=5.0 out"]),
    (lambda: sim.LearningSignal(window=0.0, weight=1.0), ["window=0 ms", "> 0"]),
    (lambda: sim.LearningSignal(window=5.0, weight=[1.0]), ["weight=[1.0] must be one number"]),
    (lambda: sim.LearningSignal(window=5.0, weight=-1.0), ["weight=-1.0", ">= 0"]),
    (lambda: sim.LearningSignal(weight=float("nan")), ["weight=nan"]),
    (lambda: sim.EPropSynapse(weight=float("inf")), ["EPropSynapse: weight=inf"]),
    (lambda: sim.EPropSynapse(delay=-1.0), ["delay=-1 ms", "> 0"]),
    (lambda: sim.EPropSynapse(optimizer="adamw"), ["optimizer='adamw'", "['adam', 'sgd']"]),
    (lambda: sim.EPropSynapse(w_min=1.0, w_max=0.0), ["w_min=1 must not exceed w_max=0"]),
    (lambda: sim.EPropSynapse(w_min=float("nan")), ["EPropSynapse: w_min=nan"]),
])
def test_synapse_types(make, fragments):
    sim.setup(timestep=1.0)
    with pytest.raises(errors.ParameterError) as error:
        make()
    for fragment in fragments:
        assert fragment in str(error.value)


def test_a_learning_signal_has_no_delay():
    from pyNN.errors import NonExistentParameterError
    with pytest.raises(NonExistentParameterError, match=r"delay.*valid parameters.*weight"):
        sim.LearningSignal(weight=1.0, delay=2.0)


def test_a_window_off_the_grid_or_without_intervals():
    _, network, readout = parts()
    signal(readout, network, sim.LearningSignal(window=2.5, weight=1.0))
    with pytest.raises(errors.ParameterError, match=r"window=2.5 ms is not a whole number"):
        sim.run(T)
    _, network, readout = parts(update_interval=None)
    signal(readout, network, sim.LearningSignal(window=2.0, weight=1.0))
    with pytest.raises(errors.ParameterError, match=r"give setup.update_interval"):
        sim.run(T)


def test_weights_that_fit_nothing_or_are_not_finite():
    clock, network, _ = parts()
    with pytest.raises(errors.NetworkError, match=r"in: the array for weight has shape \(3, 2\)"):
        sim.Projection(clock, network, EVERYONE, sim.EPropSynapse(weight=np.ones((3, 2))),
                       label="in")
    bad = np.ones((2, 3))
    bad[1, 2] = np.nan
    with pytest.raises(errors.NetworkError, match=r"weight=nan .* from cell 1 to cell 2"):
        sim.Projection(clock, network, EVERYONE, sim.EPropSynapse(weight=bad))


def test_synapses_from_readouts_to_sources_and_onto_cells_that_do_not_learn():
    clock, network, readout = parts()
    stock = sim.Population(2, sim.IF_curr_exp(), label="stock")
    with pytest.raises(errors.NetworkError, match=r"readouts \(readout\) do not spike"):
        plastic(readout, network)
    with pytest.raises(errors.NetworkError, match=r"spike sources \(clock\) take no input"):
        plastic(network, clock)
    with pytest.raises(errors.NetworkError, match=r"IF_curr_exp \(stock\) does not learn; use St"):
        plastic(network, stock)


def test_current_into_sources_and_readouts():
    clock, _, readout = parts()
    for population in (clock, readout):
        with pytest.raises(errors.NetworkError, match="no current can be injected into"):
            sim.DCSource(amplitude=1.0).inject_into(population)


def test_a_refused_projection_is_not_part_of_the_network():
    _, network, readout = parts()
    with pytest.raises(errors.NetworkError):
        plastic(readout, network)
    sim.run(T)
    assert sim.get_current_time() == T


def test_a_network_that_does_not_fit_into_memory(monkeypatch):
    from pynn_eprop.common.expansion import memory
    monkeypatch.setattr(memory, "physical_memory", lambda: 10 ** 9)
    sim.setup(timestep=1.0)
    cells = sim.Population(10_000, sim.EPropLIF(), label="big")
    for connector in (EVERYONE, sim.FixedProbabilityConnector(0.5),
                      sim.FixedNumberPreConnector(3000), sim.FixedNumberPostConnector(3000),
                      sim.FixedTotalNumberConnector(10 ** 8)):
        with pytest.raises(errors.NetworkError) as error:
            sim.Projection(cells, cells, connector, sim.EPropSynapse(optimizer=None), label="rec")
        refused(error, "rec: about ", "GB of memory, but this computer has 1 GB", "more sparsely")


def test_synapses_have_no_state_variables():
    clock, network, _ = parts()
    with pytest.raises(errors.UnsupportedError, match="EPropSynapse has no state variables such"):
        plastic(clock, network).initialize(u=1.0)


def test_more_cells_than_fit_into_memory():
    sim.setup(timestep=1.0)
    with pytest.raises(errors.NetworkError, match=r"big: 1000000000000 cells need .* GB of"):
        sim.Population(10 ** 12, sim.EPropLIF(), label="big")


@pytest.mark.parametrize(("keywords", "delay"), [
    ({"trials_per_update": 10 ** 9}, 1.0), ({"boundary": "continuous"}, 2e9)])
def test_batches_and_delays_that_do_not_fit_into_memory(keywords, delay):
    sim.setup(timestep=1.0, update_interval=T, **keywords)
    clock = sim.Population(1, sim.SpikeSourceArray(spike_times=[1.0]))
    cells = [sim.Population(1, sim.EPropLIF()) for _ in range(100)]
    sim.Projection(clock, cells[0], EVERYONE, sim.EPropSynapse(delay=delay, optimizer=None))
    with pytest.raises(errors.NetworkError, match="GB of memory, but this computer has"):
        sim.run(T)


def test_a_delay_of_more_steps_than_the_engine_counts():
    clock, network, _ = parts()
    with pytest.raises(errors.DelayError, match=r"delay=4.29497e\+09 ms is too long"):
        sim.Projection(clock, network, EVERYONE, sim.EPropSynapse(weight=0.1, delay=2.0 ** 32 + 1))


@pytest.mark.parametrize("celltype", [
    lambda: sim.EPropLIF(tau_refrac=1e10), lambda: sim.IF_curr_delta(tau_refrac=1e10)])
def test_a_refractory_time_longer_than_any_run_never_ends(celltype):
    sim.setup(timestep=1.0)
    cell = sim.Population(1, celltype())
    sim.DCSource(amplitude=100.0).inject_into(cell)
    cell.record("spikes")
    sim.run(50.0)
    assert len(cell.get_data().segments[0].spiketrains[0]) == 1


def test_synapse_types_of_other_backends():
    import pyNN.mock
    clock, network, _ = parts()
    with pytest.raises(errors.UnsupportedError, match=r"TsodyksMarkramSynapse is not a synapse ty"):
        sim.Projection(clock, network, EVERYONE, pyNN.mock.TsodyksMarkramSynapse(delay=1.0))


@pytest.mark.parametrize("time", [float("nan"), float("inf")])
def test_a_run_without_end(time):
    parts()
    with pytest.raises(errors.SimulationError) as error:
        sim.run(time)
    refused(error, f"cannot end at {time} ms")


@pytest.mark.parametrize("use", [
    lambda old: old.get_data(), lambda old: old.record("spikes"), lambda old: old.set(tau_m=30.0)])
def test_a_population_of_an_earlier_setup_is_refused(use):
    """Silence would look like a network that never spiked."""
    sim.setup(timestep=1.0)
    old = sim.Population(2, sim.EPropLIF(), label="old")
    old.record("v")
    sim.run(5.0)
    sim.setup(timestep=1.0)
    with pytest.raises(errors.SimulationError, match="old belongs to a network"):
        use(old)


def test_parameters_of_the_gradient_within_an_update_are_refused_where_they_are_set():
    clock, network, readout = parts()
    plastic(clock, network)
    signal(readout, network)
    sim.run(T / 2)
    with pytest.raises(errors.SimulationError, match="between updates only"):
        network.set(tau_m=30.0)
    assert network.get("tau_m") == 20.0
    sim.run(T / 2)
    network.set(tau_m=30.0)
    assert network.get("tau_m") == 30.0
    sim.run(T)


def test_a_view_without_cells():
    _, network, _ = parts()
    for selector in ([], np.zeros(3, bool), slice(0, 0)):
        with pytest.raises(errors.NetworkError, match="would have no cells"):
            network[selector]


def test_a_weight_that_float32_cannot_hold():
    sim.setup(timestep=1.0)
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[1.0]))
    network = sim.Population(1, sim.EPropLIF(), label="network")
    sim.Projection(source, network, EVERYONE, sim.EPropSynapse(weight=1e300, optimizer=None))
    with pytest.raises(errors.NetworkError, match=r"the weight 1e\+300 is beyond"):
        sim.run(T)


def test_learning_is_on_or_off():
    parts()
    with pytest.raises(errors.ParameterError, match="give True or False"):
        sim.set_learning("off")


def test_weights_into_a_folder_that_is_not_there(tmp_path):
    clock, network, _ = parts()
    plastic(clock, network)
    with pytest.raises(errors.CheckpointError, match=r"there is no folder .*missing"):
        sim.save_weights(tmp_path / "missing" / "w.npz")
