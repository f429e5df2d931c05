"""Cells that pass on values, on the reference: closed forms, and automatic differentiation.

Gradients come from tests/reference/analog_autodiff.py, where each cell's own state is
differentiated and what it passes on to others is not (eq. 43); the learning signals are recorded.
"""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from pynn_eprop import register_cell
from pynn_eprop.errors import (
    NetworkError,
    ParameterError,
    SimulationError,
    UnsupportedError,
)
from pynn_eprop.models.activations import ACTIVATIONS
from pynn_eprop.models.activity import Activity, recordings_of_activity
from pynn_eprop.models.cells import CELLS, KEPT_BY_MACHINES, AnalogCells
from pynn_eprop.models.losses import MSE
from pynn_eprop.models.network import (
    Boundary,
    Inputs,
    LearningSignal,
    SymmetricFeedback,
    TraceRecording,
)
from pynn_eprop.models.optimizers import SGD
from pynn_eprop.models.rules import (
    ClopathRule,
    SimplifiedTraces,
    TruncatedAdaptation,
    TruncatedTraces,
)
from pynn_eprop.reference import ReferenceMachine
from tests.descriptions import (
    all_pairs,
    analog,
    artificial,
    current_based,
    feedback,
    lif,
    lstm,
    network,
    readouts,
    record,
    synapses,
    values,
)
from tests.own_analog_cells import GatedSum
from tests.reference.analog_autodiff import eprop_gradients

T, SIZE, KAPPA = 12, 3, np.exp(-1.0 / 4.0)
STAYS = SGD(lr=0.0)
X = np.random.default_rng(0).normal(0.0, 1.0, (2 * T + 1, 2))
TARGET = np.random.default_rng(1).normal(0.0, 1.0, (2, T))
EVERY = tuple(range(SIZE))


def built(cells, boundary="reset", **options):
    """Sources, two populations of these cells that are connected in all ways, and readouts."""
    rng = np.random.default_rng(2)
    options = {"optimizer": STAYS, **options}
    populations = [analog(2), cells, replace(cells, label="others"),
                   readouts(2, loss=MSE(), target=TARGET, tau_m=4.0)]
    projections = [
        synapses(pre, post, all_pairs(populations[pre].size, SIZE),
                 rng.normal(0.0, 0.6, populations[pre].size * SIZE),
                 rng.integers(1, 4, populations[pre].size * SIZE), receptor=port,
                 label=f"{pre} to {post} {port}", **options)
        for pre in (0, 1, 2) for post in (1, 2) for port in cells.ports()]
    projections += [synapses(pre, 3, all_pairs(SIZE, 2), rng.normal(0.0, 0.5, 2 * SIZE),
                             optimizer=STAYS) for pre in (1, 2)]
    return network(populations, projections,
                   [feedback(3, post, rng.normal(0.0, 0.7, (SIZE, 2))) for post in (1, 2)],
                   interval_steps=T, boundary=Boundary(boundary))


def assert_alike(found, expected):
    """To 1e-12 of the largest number."""
    assert np.max(np.abs(expected)) > 1e-3
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12 * np.max(np.abs(expected)))


def check_gradients(net, forgetful=False):
    """Those of the last of two intervals, against automatic differentiation."""
    machine, posts = ReferenceMachine(net), list(net.of_kind(AnalogCells))
    recorded = machine.run(2 * T, values(0, *X), [record(post, "learning_signal", *EVERY)
                                                  for post in posts])
    last = np.arange(2 * T) >= T
    goes_on = net.settings.boundary is Boundary.CONTINUOUS
    signals = {}
    for post, entry in zip(posts, recorded.entries, strict=True):
        G, total = np.zeros((2 * T, SIZE)), np.zeros(SIZE)
        for t in range(2 * T - 1, -1, -1):      # L of the last interval, summed over the future
            total = KAPPA * total + entry[t] * last[t]
            G[t] = total if goes_on or last[t] else 0.0
        signals[post] = G
    expected = eprop_gradients(net, {0: X}, 2 * T, signals, forgetful)
    for index, projection in enumerate(net.projections):
        if projection.post in posts:
            assert_alike(machine.gradient(index), expected[index])


@pytest.mark.parametrize("leak", [0.0, 0.7, 1.0])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients_of_artificial_cells(activation, leak):
    check_gradients(built(artificial(SIZE, activation, leak=leak, bias=[0.2, -0.1, 0.0],
                                     s_initial=0.1)))


@pytest.mark.parametrize("boundary", ["reset", "continuous"])
@pytest.mark.parametrize("tanh_output", [False, True])
def test_gradients_of_lstm_units(tanh_output, boundary):
    check_gradients(built(lstm(SIZE, tanh_output, c_initial=[0.3, -0.2, 0.0], cell_bias=0.1,
                               input_bias=-0.2, output_bias=0.3), boundary))


def test_gradients_of_leaky_cells_whose_traces_cross_boundaries():
    check_gradients(built(artificial(SIZE, leak=[0.3, 0.9, 1.0]), "continuous"))


@pytest.mark.parametrize("cells", [artificial(SIZE, leak=0.8), lstm(SIZE, True)],
                         ids=["artificial", "LSTM"])
def test_truncated_traces_are_the_direct_derivative_alone(cells):
    check_gradients(built(cells, rule=TruncatedTraces()), forgetful=True)


# --- closed forms ---

def test_a_value_arrives_after_the_delay_and_readouts_read_the_same_step():
    """s^t = 0.5 s^{t-1} + 2 x^{t-3} + 0.25, z = s as it stays positive; y^t = 3 z^t, tau -> 0."""
    x = np.abs(np.random.default_rng(3).normal(size=11))
    net = network(
        [analog(), artificial(activation="relu", leak=0.5, bias=0.25, s_initial=0.5),
         readouts(2, tau_m=1e-3)],
        [synapses(0, 1, [(0, 0)], 2.0, 3, receptor="excitatory"),
         synapses(1, 2, [(0, 0), (0, 1)], 3.0, [1, 2])])
    s, z, y = ReferenceMachine(net).run(10, values(0, *x[:, np.newaxis]), [
        record(1, "s"), record(1, "value"), record(2, "y", 0, 1)]).entries
    expected, total = [], 0.5
    for t in range(1, 11):
        total = 0.5 * total + 0.25 + (2.0 * x[t - 3] if t >= 3 else 0.0)
        expected.append(total)
    np.testing.assert_allclose(s[:, 0], expected, rtol=1e-14)
    np.testing.assert_array_equal(z, s)
    np.testing.assert_allclose(y[:, 0], 3.0 * np.array(expected), rtol=1e-14)
    np.testing.assert_allclose(y[1:, 1], 3.0 * np.array(expected[:-1]), rtol=1e-14)
    assert y[0, 1] == 0.0


def test_an_lstm_unit_with_open_gates_adds_its_input_up():
    """Biases of 50 open the gates: c^t = c^{t-1} + tanh(x^{t-1}), h = c."""
    x = np.random.default_rng(4).normal(size=9)
    net = network([analog(), lstm(input_bias=50.0, forget_bias=50.0, output_bias=50.0)],
                  [synapses(0, 1, [(0, 0)], receptor="cell")])
    c, h, gate = ReferenceMachine(net).run(8, values(0, *x[:, np.newaxis]), [
        record(1, "c"), record(1, "value"), record(1, "forget_gate")]).entries
    np.testing.assert_allclose(c[:, 0], np.cumsum(np.tanh(x[:8])), rtol=1e-13)
    np.testing.assert_array_equal(h, c)
    np.testing.assert_array_equal(gate, 1.0)


def test_values_reach_spiking_cells_as_currents_do():
    """W z^{t-1} adds to v: v^t = alpha v^{t-1} + 0.5 z^{t-1}, of a cell that never spikes."""
    net = network([analog(), artificial(activation="tanh"), lif(v_thresh=1e3)],
                  [synapses(0, 1, [(0, 0)], receptor="excitatory"), synapses(1, 2, [(0, 0)], 0.5)])
    z, v = ReferenceMachine(net).run(2 * T, values(0, *X[:, :1]), [
        record(1, "value"), record(2, "v")]).entries
    np.testing.assert_allclose(z[:, 0], np.tanh(X[:-1, 0]), rtol=1e-14)
    expected, total = [], 0.0
    for t in range(2 * T):
        total = np.exp(-1 / 20) * total + (0.5 * z[t - 1, 0] if t else 0.0)
        expected.append(total)
    np.testing.assert_allclose(v[:, 0], expected, rtol=1e-13)


def test_the_trace_of_an_output_gate_is_eq_40():
    """e^t = c^t o^t (1 - o^t) x^{t-1}; of the candidate with closed past, o^t i^t (1 - g^2) x."""
    units = lstm(forget_bias=-800.0)        # f = 0
    net = network([analog(2), units, readouts(loss=MSE(), target=TARGET[:1])],
                  [synapses(0, 1, [(0, 0)], 0.4, receptor="output_gate", optimizer=STAYS),
                   synapses(0, 1, [(1, 0)], 0.7, receptor="cell", optimizer=STAYS)],
                  [feedback(2, 1, [[1.0]])], interval_steps=T)
    names = ("c", "input_gate", "output_gate", "candidate")
    *found, gate, cell = ReferenceMachine(net).run(T, values(0, *X[:T + 1]), [
        *(record(1, name) for name in names),
        *(TraceRecording(1, "eligibility_trace", np.array([0]), projection=index)
          for index in (0, 1))]).entries
    c, i, o, g = (each[:, 0] for each in found)
    np.testing.assert_allclose(gate[:, 0], c * o * (1 - o) * X[:T, 0], rtol=1e-13)
    np.testing.assert_allclose(cell[:, 0], o * i * (1 - g ** 2) * X[:T, 1], rtol=1e-13)


def test_without_a_learning_signal_nothing_is_learned():
    net = built(lstm(SIZE))
    machine = ReferenceMachine(replace(net, learning_signals=()))
    machine.run(T, values(0, *X[:T + 1]))
    for index, projection in enumerate(net.projections):
        assert bool(np.any(machine.gradient(index))) == (projection.post == 3)


# --- what is refused ---

@pytest.mark.parametrize("rule", [SimplifiedTraces(), TruncatedAdaptation(), ClopathRule()])
def test_rules_that_are_about_spikes_are_refused(rule):
    with pytest.raises(UnsupportedError, match=f"rule '{rule.name}' is not defined for EPropLSTM"):
        ReferenceMachine(built(lstm(SIZE), rule=rule))


@pytest.mark.parametrize(("post", "receptor", "known"), [
    (1, "", r"\['input_gate', 'forget_gate', 'output_gate', 'cell'\]"),
    (1, "excitatory", "cell"), (2, "cell", r"\[''\]")])
def test_receptors_that_cells_do_not_have_are_refused(post, receptor, known):
    with pytest.raises(NetworkError, match=f"receptor='{receptor}' is unknown to .*{known}"):
        ReferenceMachine(network([analog(), lstm(), lif()],
                                 [synapses(0, post, [(0, 0)], receptor=receptor)]))


def test_other_things_that_such_cells_cannot_do():
    with pytest.raises(NetworkError, match=r"IF_curr_delta .* takes spikes only; the values of"):
        ReferenceMachine(network([lstm(), current_based()], [synapses(0, 1, [(0, 0)])]))
    net = built(lstm(SIZE))
    machine = ReferenceMachine(net)
    with pytest.raises(UnsupportedError, match="EPropLSTM cells pass on values, which an activity"):
        machine.learn(Activity())
    with pytest.raises(UnsupportedError, match="EPropLSTM cells pass on values"):
        recordings_of_activity(net)
    with pytest.raises(SimulationError, match="takes no values from outside"):
        machine.run(T, Inputs(values={1: np.zeros((T + 1, SIZE))}))
    with pytest.raises(SimulationError, match="takes no current"):
        machine.run(T, Inputs(currents={1: np.zeros((T, SIZE))}))


# --- kinds of one's own ---

def own(size=SIZE, kind=GatedSum, **parameters):
    return kind("own", size, **{"leak": np.full(size, 0.8), "s_initial": np.zeros(size),
                                **parameters})


def test_names_that_kinds_cannot_have_are_those_of_the_machine():
    machine = ReferenceMachine(built(artificial(SIZE)))
    cells = machine.cells[1]
    names = {name for name in (*vars(cells), *dir(type(cells))) if not name.startswith("_")}
    assert names - {"leak", "bias", "s"} <= KEPT_BY_MACHINES


def test_gradients_of_a_kind_of_ones_own_by_finite_differences():
    """One cell without recurrent synapses, and symmetric feedback: e-prop's gradient is dE/dW."""
    net = network(
        [analog(2), own(1), readouts(1, loss=MSE(), target=TARGET[:1], tau_m=4.0)],
        [synapses(0, 1, [(0, 0), (1, 0)], [0.5, -0.3], receptor="input", optimizer=STAYS),
         synapses(0, 1, [(0, 0), (1, 0)], [0.7, 0.4], receptor="gate", optimizer=STAYS),
         synapses(1, 2, [(0, 0)], 0.8, optimizer=STAYS)],
        [LearningSignal("back", 2, 1, SymmetricFeedback(2))], interval_steps=T)

    def loss(index, change):
        machine = ReferenceMachine(net)
        machine.set_weights(index, net.projections[index].weight + change)
        return machine.run(T, values(0, *X[:T + 1]), [record(2, "loss")]).entries[0][0]

    machine = ReferenceMachine(net)
    machine.run(T, values(0, *X[:T + 1]))
    for index in (0, 1):
        slope = [(loss(index, 1e-5 * unit) - loss(index, -1e-5 * unit)) / 2e-5
                 for unit in np.eye(2)]
        np.testing.assert_allclose(machine.gradient(index), slope, rtol=1e-7)


@pytest.mark.parametrize(("method", "answer", "message"), [
    ("step", lambda self, cells, arriving: {"s": cells.s},
     r"step\(\) of cell 'Failing' gives \['s'\]; it must give all state variables and gates, "
     r"\['open', 's'\]"),
    ("output", lambda self, cells: np.zeros(7), r"output\(\) of cell 'Failing' is float64 of shape "
     r"\(7,\)"),
    ("drive", lambda self, cells: {("s", "learning_signal"): 1.0},
     r"drive\(\) of cell 'Failing': \('s', 'learning_signal'\) is not known; choose of"),
    ("output_drive", lambda self, cells: {"gates": 1.0},
     r"output_drive\(\) of cell 'Failing': 'gates' is not known; choose of \['gate', 'input'\]")])
def test_answers_that_cannot_be_used_name_the_method(method, answer, message):
    kind = type("Failing", (GatedSum,), {"name": "Failing", method: answer})
    machine = ReferenceMachine(network(
        [analog(2), own(1, kind), readouts(loss=MSE(), target=TARGET[:1])],
        [synapses(0, 1, [(0, 0)], receptor="gate", optimizer=STAYS)],
        [feedback(2, 1, [[1.0]])], interval_steps=T))
    with pytest.raises(ParameterError, match=message):
        machine.run(T, values(0, *X[:T + 1]))
    assert machine.step == 0


@pytest.mark.parametrize(("attributes", "message"), [
    ({"receptor_types": ("input",)}, r"receptor_types=\('input',\) must have 'learning_signal'"),
    ({"receptor_types": ("learning_signal",)}, "must have 'learning_signal', and others"),
    ({"receptor_types": ("a b", "learning_signal")}, "must be a tuple of names, each another"),
    ({"gates": ("open", "open")}, r"gates=\('open', 'open'\) must be a tuple of names"),
    ({"gates": ("leak",)}, "'leak' is a name that machines use, or that of a parameter"),
    ({"gates": ("value",)}, "'value' is a name that machines use"),
    ({"output": AnalogCells.output}, r"has no output\(\); see AnalogCells")])
def test_kinds_that_cannot_be_are_not_registered(attributes, message):
    kind = dataclass(frozen=True, kw_only=True)(type("Odd", (GatedSum,), {
        "name": "Odd", **attributes}))
    with pytest.raises(ParameterError, match=f"cell Odd.*{message}"):
        register_cell(kind)
    assert "Odd" not in CELLS
