"""Kinds of cell from outside on the reference.

Witnesses: for the copy of the adaptive cell the built-in one, number for number; for a cell with a
synaptic current automatic differentiation of its equations, written out here, with the pseudo-
derivative in the place of the spike's, and the reset and spikes of other cells detached (eq. 2-5).
"""

from dataclasses import replace

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad

from pynn_eprop.errors import ParameterError, SimulationError, UnsupportedError
from pynn_eprop.models.activity import activities, recordings_of_activity
from pynn_eprop.models.cells import KEPT_BY_MACHINES, LIFCells, Sources
from pynn_eprop.models.losses import MSE
from pynn_eprop.models.network import Inputs
from pynn_eprop.models.optimizers import Adam
from pynn_eprop.models.pseudo_derivatives import PiecewiseLinear
from pynn_eprop.models.rules import SimplifiedTraces, TruncatedTraces
from pynn_eprop.reference import ReferenceMachine
from tests.descriptions import alif, all_pairs, feedback, network, readouts, record, synapses
from tests.own_cells import CurrentLIF, OwnALIF

INPUTS, CELLS, T, TRIALS = 6, 4, 50, 3
RNG = np.random.default_rng(3)
SPIKES = np.argwhere(RNG.random((T * TRIALS, INPUTS)) < 0.15)
WEIGHT = RNG.normal(0.25, 0.35, INPUTS * CELLS)
TARGET = np.cumsum(RNG.normal(0, 0.1, (2, T)), axis=1)


def current_lif(**parameters):
    values = {"tau_m": np.linspace(10.0, 25.0, CELLS), "tau_syn": np.linspace(3.0, 8.0, CELLS),
              "v_thresh": np.full(CELLS, 0.4), "i_initial": np.full(CELLS, 0.1),
              "v_initial": np.linspace(0.0, 0.2, CELLS), "f_target": np.full(CELLS, 10.0),
              "c_reg": np.full(CELLS, 0.01), "refractory_steps": np.array([0, 2, 3, 5]),
              "pseudo_derivative": PiecewiseLinear(0.4, 0.9), **parameters}
    return CurrentLIF("cells", CELLS, **values)


def built(cells, rule=None, optimizer=None, **settings):
    rng = np.random.default_rng(5)
    options = {"optimizer": optimizer or Adam(lr=0.01), **({} if rule is None else {"rule": rule})}
    size = cells.size
    pairs = all_pairs(size, size, self_connections=False)
    return network(
        [Sources("inputs", INPUTS), cells,
         readouts(2, loss=MSE(), target=TARGET, tau_m=12.0)],
        [synapses(0, 1, all_pairs(INPUTS, size), np.resize(WEIGHT, INPUTS * size), **options),
         synapses(1, 1, pairs, rng.normal(0, 0.2, len(pairs)), 2, **options),
         synapses(1, 2, all_pairs(size, 2), rng.normal(0, 0.5, 2 * size),
                  optimizer=Adam(lr=0.01))],
        [feedback(2, 1, rng.normal(0, 0.7, (size, 2)))], interval_steps=T, **settings)


def run(net, recordings=()):
    machine = ReferenceMachine(net)
    return machine, machine.run(T * TRIALS, Inputs({0: (SPIKES[:, 0], SPIKES[:, 1])}), recordings)


@pytest.mark.parametrize("boundary", ["reset", "continuous"])
@pytest.mark.parametrize("rule", [None, TruncatedTraces(), SimplifiedTraces()])
def test_a_copy_of_the_adaptive_cell_is_the_adaptive_cell(rule, boundary):
    ours = alif(CELLS, v_thresh=0.35, beta=0.2, tau_a=60.0, c_reg=0.01, refractory_steps=2,
                v_initial=0.05, a_initial=0.3)
    values = {name: getattr(ours, name) for name in (
        "tau_m", "v_thresh", "beta", "tau_a", "v_initial", "a_initial", "refractory_steps",
        "f_target", "c_reg", "pseudo_derivative")}
    everything = [record(1, name, *range(CELLS)) for name in ("v", "a", "h", "learning_signal")]
    (expected, drawn), (found, again) = (
        run(built(cells, rule, boundary=boundary), everything)
        for cells in (ours, OwnALIF("cells", CELLS, **values)))
    assert expected.updates == TRIALS
    for one, other in zip(drawn.entries, again.entries, strict=True):
        np.testing.assert_array_equal(one, other)
    for index in range(3):
        assert np.any(expected.gradient(index))
        np.testing.assert_array_equal(expected.weights(index), found.weights(index))


def trial_of_cell(weight, cells, j, arriving):
    """Distance of one cell from its threshold at each step of a trial, and pseudo-derivative."""
    alpha, gamma = np.exp(-1.0 / cells.tau_m[j]), np.exp(-1.0 / cells.tau_syn[j])
    i, v, z, silent = cells.i_initial[j], cells.v_initial[j], 0.0, 0
    distances, slopes = [], []
    for row in arriving:
        i = gamma * i + anp.dot(weight, row)
        v = alpha * v + (1 - gamma) * i - cells.v_thresh[j] * z
        distance = v - cells.v_thresh[j]
        plain = getattr(distance, "_value", distance)
        ready = silent == 0
        slope = 0.4 * max(0.0, 1.0 - abs(plain) / (0.9 * cells.v_thresh[j])) if ready else 0.0
        z = float(plain >= 0) if ready else 0.0
        silent = int(cells.refractory_steps[j]) if z else max(silent - 1, 0)
        distances.append(distance)
        slopes.append(slope)
    return distances, slopes


def test_gradients_of_a_cell_with_a_current_by_automatic_differentiation():
    cells = current_lif()
    net = replace(built(cells, optimizer=Adam(lr=0.0)), settings=replace(
        built(cells).settings, interval_steps=T))
    machine = ReferenceMachine(net)
    every = tuple(range(CELLS))
    recorded = machine.run(T, Inputs({0: (SPIKES[:, 0][SPIKES[:, 0] <= T],
                                          SPIKES[:, 1][SPIKES[:, 0] <= T])}),
                           [record(1, "spikes", *every), record(1, "learning_signal", *every),
                            record(1, "h", *every)])
    steps, spiking = recorded.entries[0]
    signal, h = recorded.entries[1:]
    assert len(steps) > 5 and np.count_nonzero(h) > 20
    z = np.zeros((T + 1, CELLS))
    z[steps, spiking] = 1.0
    sources = np.zeros((T + 1, INPUTS))
    np.add.at(sources, (SPIKES[:, 0][SPIKES[:, 0] < T], SPIKES[:, 1][SPIKES[:, 0] < T]), 1.0)
    kappa = np.exp(-1.0 / 12.0)
    rate_term = 0.01 * (1000.0 * z.sum(axis=0) / T - 10.0)
    for j in range(CELLS):
        others = [i for i in range(CELLS) if i != j]
        recurrent = np.array([z[t - 1, others] if t > 1 else np.zeros(len(others))
                              for t in range(T)])        # delay 2: step t + 1 gets z^{t - 1}
        arriving = np.concatenate([sources[:T], recurrent], axis=1)
        pairs_in = np.arange(INPUTS) * CELLS + j
        pairs = all_pairs(CELLS, CELLS, self_connections=False)
        pairs_rec = [pairs.index((i, j)) for i in others]
        weight = np.concatenate([net.projections[0].weight[pairs_in],
                                 net.projections[1].weight[pairs_rec]])
        expected, e_bar = np.zeros(len(weight)), np.zeros(len(weight))
        slopes = trial_of_cell(weight, cells, j, arriving)[1]
        np.testing.assert_allclose(slopes, h[:, j], atol=1e-12)
        for t in range(T):
            def distance(w, t=t, j=j, arriving=arriving):
                return trial_of_cell(w, cells, j, arriving[:t + 1])[0][t]

            e = slopes[t] * grad(distance)(weight) if slopes[t] else np.zeros(len(weight))
            e_bar = kappa * e_bar + e
            expected += signal[t, j] * e_bar + rate_term[j] * e
        found = np.concatenate([machine.gradient(0)[pairs_in], machine.gradient(1)[pairs_rec]])
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


def test_rules_without_a_meaning_for_the_cell_are_refused():
    with pytest.raises(UnsupportedError, match="'simplified-traces' leaves out the filter of the "
                                               "presynaptic spikes, and CurrentLIF names none"):
        ReferenceMachine(built(current_lif(), SimplifiedTraces()))


def test_a_trial_of_another_machine_has_the_state():
    """As a trial of its own."""
    net = built(current_lif())
    forward, own, other = (ReferenceMachine(net) for _ in range(3))
    first = SPIKES[SPIKES[:, 0] <= T]
    inputs = Inputs({0: (first[:, 0], first[:, 1])})
    recorded = forward.run(T, inputs, recordings_of_activity(net), learning=False)
    own.run(T, inputs)
    (trial,) = activities(net, inputs, recorded, 0)
    other.learn(trial)
    for index in range(3):
        np.testing.assert_array_equal(other.gradient(index), own.gradient(index))
    with pytest.raises(SimulationError, match=r"state 'i' of shape \(50, 4\): the derivatives of "
                                              "CurrentLIF read it"):
        other.learn(replace(trial, state={}))


def test_a_run_in_parts_with_saved_state_is_the_run_in_one():
    whole, _ = run(built(current_lif()))
    first = ReferenceMachine(built(current_lif()))
    early = SPIKES[SPIKES[:, 0] <= 70]
    first.run(70, Inputs({0: (early[:, 0], early[:, 1])}))
    second = ReferenceMachine(built(current_lif()))
    second.restore(first.state())
    late = SPIKES[SPIKES[:, 0] >= 70]
    second.run(T * TRIALS - 70, Inputs({0: (late[:, 0], late[:, 1])}))
    for index in range(3):
        np.testing.assert_array_equal(whole.weights(index), second.weights(index))


def test_names_that_parameters_cannot_have_are_those_of_the_machine():
    """Every attribute of the reference's cells that is not of their kind; and of recordings."""
    machine = ReferenceMachine(network([alif()]))
    cells, kind = machine.cells[0], machine.network.populations[0]
    of_kind = {"tau_m", "v_thresh", "beta", "tau_a", "refractory_steps", "f_target", "c_reg",
               "v", "a", *kind.constants(1.0)}
    own = {name for name in (*vars(cells), *dir(type(cells))) if not name.startswith("_")} - of_kind
    assert own | {"label", "size", "loss"} == KEPT_BY_MACHINES
    assert "a" in LIFCells.constants(kind, 1.0) and "a" not in kind.constants(1.0)


def failing(method, answer):
    """A cell of which one method gives, or does, something else."""
    return type("Failing", (CurrentLIF,), {"name": "Failing", method: answer})


@pytest.mark.parametrize(("method", "answer", "error", "message"), [
    ("step", lambda self, cells, arriving: 1 / 0, SimulationError,
     r" failed: ZeroDivisionError: division by zero"),
    ("step", lambda self, cells, arriving: None, ParameterError, "gives NoneType; it must give a"),
    ("step", lambda self, cells, arriving: {"v": cells.v}, ParameterError,
     r"gives \['v'\]; it must give all state variables, \['i', 'v'\]"),
    ("step", lambda self, cells, arriving: {"i": cells.i, "v": cells.v, "reset": 0.0},
     ParameterError, r"gives \['i', 'reset', 'v'\]"),
    ("step", lambda self, cells, arriving: {"i": cells.i, "v": np.zeros(3)}, ParameterError,
     r"'v' is float64 of shape \(3,\)"),
    ("step", lambda self, cells, arriving: cells.tau_m.fill(1.0), SimulationError, "read-only"),
    ("distance", lambda self, cells: cells.v > 0.0, ParameterError, "is bool of shape"),
    ("transition", lambda self, cells: {("v", "u"): 1.0}, ParameterError,
     r"\('v', 'u'\) is not a pair of state variables, \(of, by\); those are \['i', 'v'\]"),
    ("transition", lambda self, cells: {"v": 1.0}, ParameterError, "'v' is not a pair"),
    ("drive", lambda self, cells: {"u": 1.0}, ParameterError, "'u' is not a state variable"),
    ("drive", lambda self, cells: 1.0, ParameterError, "gives float; it must give a dict"),
    ("distance_gradient", lambda self, cells: {"v": np.zeros((CELLS, 1))}, ParameterError,
     r"'v' is float64 of shape \(4, 1\)"),
])
def test_a_method_that_fails_is_named_and_nothing_has_happened(method, answer, error, message):
    """From the second interval on, so that there is something that could be lost."""
    kind = failing(method, lambda self, *arguments: (
        answer if getattr(arguments[0], "fails", False) else getattr(CurrentLIF, method)
    )(self, *arguments))
    machine = ReferenceMachine(built(kind(**vars(current_lif()))))
    one = Inputs({0: (SPIKES[SPIKES[:, 0] <= T, 0], SPIKES[SPIKES[:, 0] <= T, 1])})
    machine.run(T, one)
    before = machine.state()
    machine.cells[1].fails = True
    with pytest.raises(error, match=rf"cells: {method}\(\) of cell 'Failing'.*{message}"):
        machine.run(5, Inputs())
    after = machine.state()
    assert machine.step == T and machine.updates == 1
    assert all(np.array_equal(after[name], before[name], equal_nan=True) for name in before)
    assert after.keys() == before.keys()


@pytest.mark.parametrize(("method", "answer", "message"), [
    ("constants", lambda self, timestep: {"alpha": 0.9, "gamma": 0.5, "reset": 1.0},
     "'reset' is a state variable, or a name that machines use"),
    ("constants", lambda self, timestep: {"alpha": 0.9, "gamma": 0.5, "v": 1.0},
     "'v' is a state variable, or a name"),
    ("constants", lambda self, timestep: {"alpha": np.zeros(3)}, r"'alpha' is float64 of shape"),
    ("scale", lambda self, cells: 0.0, "gives 0; what the width .* must be > 0"),
    ("scale", lambda self, cells: np.zeros(3), r"is float64 of shape \(3,\)"),
])
def test_constants_are_looked_at_before_anything_runs(method, answer, message):
    kind = failing(method, answer)
    with pytest.raises(ParameterError, match=rf"cells: {method}\(\) of cell 'Failing'.*{message}"):
        ReferenceMachine(built(kind(**vars(current_lif()))))
