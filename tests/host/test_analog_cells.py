"""Scripts with cells that pass on values, on the host's reference."""

import numpy as np
import pytest

import pynn_eprop.host as sim
from pynn_eprop import ReLU, errors
from tests.own_analog_cells import GatedSum
from tests.own_cells import registered

T = 20
VALUES = np.random.default_rng(0).normal(0.0, 0.7, (2, T))
GATES = ("input_gate", "forget_gate", "output_gate", "cell")


def begin(**setup):
    sim.setup(timestep=1.0, update_interval=float(T), seed=3,
              **{"machine": "reference", **setup})


def connect(pre, post, receptor=None, weight=0.3, **options):
    return sim.Projection(pre, post, sim.AllToAllConnector(),
                          sim.EPropSynapse(weight=weight, **options), receptor_type=receptor)


def lstm_network():
    """Two sources, three units with all synapses, LIF cells that they drive, and a readout."""
    begin()
    source = sim.Population(2, sim.AnalogSource(VALUES), label="source")
    units = sim.Population(3, sim.EPropLSTM(tanh_output=True, forget_bias=[1.0, 2.0, 3.0]),
                           label="units", initial_values={"c": 0.25})
    cells = sim.Population(2, sim.EPropLIF(v_thresh=0.2), label="cells")
    readout = sim.Population(1, sim.EPropReadout(target=VALUES[:1]), label="readout")
    weight = sim.RandomDistribution("normal", mu=0.2, sigma=0.5)
    learning = [connect(pre, units, gate, weight)
                for gate in GATES for pre in (source, units, cells)]
    learning += [connect(units, cells, weight=weight), connect(units, readout, weight=weight),
                 connect(cells, readout, weight=weight)]
    for post in (units, cells):
        sim.Projection(readout, post, sim.AllToAllConnector(), sim.LearningSignal(weight=1.0),
                       receptor_type="learning_signal")
    return units, learning


def weights(learning):
    return np.concatenate([np.ravel(each.get("weight", format="array")) for each in learning])


def test_recordings_and_initial_values():
    units, _ = lstm_network()
    units.record("all")
    sim.run(2.0 * T)
    (segment,) = units.get_data().segments
    found = {signal.name: signal.magnitude for signal in segment.analogsignals}
    assert list(found) == ["value", "c", *GATES[:3], "candidate", "learning_signal"]
    assert np.all(found["c"][0] == 0.25) and np.all(found["value"][0] == 0.0)
    np.testing.assert_allclose(found["value"][1:],
                               (found["output_gate"] * np.tanh(found["c"]))[1:], rtol=1e-14)
    # the reset: c at the first step of an interval is made of the initial value
    np.testing.assert_allclose(
        found["c"][T + 1], (found["forget_gate"] * 0.25
                            + found["input_gate"] * found["candidate"])[T + 1], rtol=1e-14)


def test_weights_by_receptor_checkpoints_and_weight_files(tmp_path):
    _, learning = lstm_network()
    assert learning[0].label == "source→units (input_gate)"
    before = weights(learning)
    sim.run(2.0 * T)
    sim.save_checkpoint(tmp_path / "c.npz")
    sim.save_weights(tmp_path / "w.npz")
    after = weights(learning)
    assert np.all((after != before)[:2 * 3 + 3 * 3])
    sim.run(2.0 * T)
    expected = weights(learning)
    _, learning = lstm_network()
    sim.load_checkpoint(tmp_path / "c.npz")
    np.testing.assert_array_equal(weights(learning), after)
    sim.run(2.0 * T)
    np.testing.assert_array_equal(weights(learning), expected)
    _, learning = lstm_network()
    sim.load_weights(tmp_path / "w.npz")
    np.testing.assert_array_equal(weights(learning), after)
    learning[3].set(weight=0.125)
    assert np.all(learning[3].get("weight", format="array") == 0.125)
    assert np.all(learning[0].get("weight", format="array") != 0.125)


def test_eligibility_traces_are_recorded_by_receptor():
    """Of the first step: e = c (1 - o) o x for the output gate, as in eq. 40 with tanh(c)."""
    units, learning = lstm_network()
    gate = learning[6]                      # from the source to the output gates
    gate.record("eligibility_trace")
    units.record(["c", "output_gate"])
    sim.run(float(T))
    (trace,) = gate.get_data().segments[0].analogsignals
    c, o = (units.get_data().segments[0].filter(name=name)[0].magnitude
            for name in ("c", "output_gate"))
    factor = np.tanh(c) * o * (1 - o)
    for place, (pre, post, _) in enumerate(gate.get("weight", format="list")):
        np.testing.assert_allclose(trace.magnitude[1:, place],
                                   factor[1:, int(post)] * VALUES[int(pre)], rtol=1e-12)


def test_a_bias_is_learned_from_a_source_of_ones():
    """Its gradient is that of every trial: a constant input of weight b is a bias b."""
    found = []
    for bias in (0.0, 0.4):
        begin()
        source = sim.Population(2, sim.AnalogSource(VALUES))
        one = sim.Population(1, sim.AnalogSource(np.ones((1, T))))
        cells = sim.Population(2, sim.EPropArtificial(leak=0.5, bias=0.4 - bias), label="cells")
        cells.record("s")
        connect(source, cells, weight=0.5, optimizer=None)
        connect(one, cells, weight=bias, optimizer=None)
        sim.run(float(T))
        found.append(cells.get_data().segments[0].analogsignals[0].magnitude)
    np.testing.assert_allclose(*found, rtol=1e-14)


def test_receptors_are_named_where_there_are_several():
    begin()
    source = sim.Population(1, sim.AnalogSource([[1.0] * T]), label="source")
    units = sim.Population(1, sim.EPropLSTM(), label="units")
    cells = sim.Population(1, sim.EPropArtificial(), label="cells")
    for receptor in (None, "default"):
        assert connect(source, cells, receptor).receptor_type == "excitatory"
        with pytest.raises(errors.ProjectionError, match="units has several receptors; give "
                                                         "receptor_type=, one of 'input_gate', "):
            connect(source, units, receptor)
    with pytest.raises(errors.ProjectionError, match="'excitatory' is unknown to units; it must be "
                                                     "one of 'cell', 'forget_gate', "):
        connect(source, units, "excitatory")
    with pytest.raises(errors.NetworkError, match="only LearningSignal can, others use "
                                                  "'input_gate' or 'forget_gate' or "):
        connect(source, units, "learning_signal")
    with pytest.raises(errors.NetworkError, match="no current can be injected into EPropLSTM"):
        sim.DCSource(amplitude=1.0).inject_into(units)
    stock = sim.Population(1, sim.IF_curr_exp(), label="stock")
    with pytest.raises(errors.NetworkError, match=r"IF_curr_exp \(stock\) takes spikes only; the "
                                                  "values of units"):
        sim.Projection(units, stock, sim.AllToAllConnector(), sim.StaticSynapse())


def test_arguments_of_the_cell_types():
    assert sim.EPropArtificial().activation.name == "tanh"
    assert sim.EPropArtificial(activation=ReLU()).activation == ReLU()
    assert not sim.EPropLSTM().tanh_output
    assert "leak : dimensionless, in [0, 1], default 0" in sim.EPropArtificial.__doc__
    for make, message in (
            (lambda: sim.EPropArtificial(activation="step"),
             "activation='step' is unknown; choose one of ['relu', 'sigmoid', 'tanh'], or an "
             "Activation object"),
            (lambda: sim.EPropArtificial(leak=1.5), "EPropArtificial: leak=1.5"),
            (lambda: sim.EPropLSTM(tanh_output="yes"),
             "EPropLSTM: tanh_output='yes' must be True or False"),
            (lambda: sim.EPropLSTM(backwards=2), "EPropLSTM: backwards=2 must be True or False")):
        with pytest.raises(errors.ParameterError) as refused:
            make()
        assert str(refused.value).startswith(message)
    with pytest.raises(errors.UnknownParameterError, match="tau_m"):
        sim.EPropLSTM(tau_m=20.0)


@pytest.mark.parametrize("name", ["EPropArtificial", "EPropLSTM"])
@pytest.mark.parametrize(("precision", "machine"), [
    ("float64", "the host engine"), ("fixed", "the host engine in fixed point")])
def test_the_engine_refuses_them_by_name(name, precision, machine):
    begin(machine="engine", precision=precision)
    with pytest.raises(errors.UnsupportedError, match=f"cell '{name}' is not known to {machine};"):
        sim.Population(1, getattr(sim, name)())


def test_a_kind_of_ones_own_is_a_cell_type():
    with registered(GatedSum):
        begin()
        source = sim.Population(2, sim.AnalogSource(VALUES))
        cells = sim.Population(2, sim.GatedSum(leak=0.5), label="cells")
        cells.record(["value", "s", "open"])
        connect(source, cells, "input", 0.5, optimizer=None)
        connect(source, cells, "gate", 0.25, optimizer=None)
        sim.run(float(T))
        value, s, gate = (signal.magnitude
                          for signal in cells.get_data().segments[0].analogsignals)
        np.testing.assert_allclose(
            gate[1:, 0], 1.0 / (1.0 + np.exp(-0.25 * VALUES.sum(axis=0))), rtol=1e-13)
        np.testing.assert_allclose(value[1:], (gate * s)[1:], rtol=1e-14)
