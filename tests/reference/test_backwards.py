"""Populations that run trials backwards, on the reference.

They are populations that run forwards on the input turned round; gradients are the sums of
docs/equations.md, written out here from what was recorded.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pynn_eprop.errors import NetworkError, SimulationError, UnsupportedError
from pynn_eprop.models.activity import Activity
from pynn_eprop.models.cells import AnalogSources, Readouts, Sources, SpikingCells
from pynn_eprop.models.network import Boundary, Inputs, Network
from pynn_eprop.models.optimizers import SGD
from pynn_eprop.reference import ReferenceMachine
from tests.descriptions import alif, current_based, feedback, lif, network, readouts, synapses
from tests.random_networks import Case, CellPlan, Plan, ReadoutPlan, make_case

T = 20
PLAN = Plan(
    interval_steps=T, stretches=((T, True),), sources=(3,), analog=(2,), analog_frame=3,
    cells=(CellPlan(backwards=True, rate_term=True),
           CellPlan(adaptive=True, rate_term=True, backwards=True), CellPlan(adaptive=True)),
    readouts=(ReadoutPlan(bias_optimizer="sgd"), ReadoutPlan(3, "cross_entropy", tau_m=3.0)),
    delays=("one", "mixed"), optimizers=("sgd",), currents=True, feedbacks=("random",))


def turned(case: Case, steps: int) -> tuple[Network, Inputs]:
    """The cells that run backwards as a network that runs forwards, and the input turned round."""
    kept = {index: index for index, each in enumerate(case.network.populations)
            if not isinstance(each, Readouts)}
    populations = tuple(replace(each, backwards=False) if isinstance(each, SpikingCells) else each
                        for each in case.network.populations)
    within = [projection for projection in case.network.projections
              if projection.post in case.network.backwards]
    spikes, values = {}, {}
    for index, counts in case.spikes.items():
        step, cell = np.nonzero(counts[:steps][::-1])
        repeats = counts[:steps][::-1][step, cell]
        spikes[index] = (np.repeat(step, repeats), np.repeat(cell, repeats))
    for index, rows in case.values.items():
        values[index] = np.concatenate([rows[:steps][::-1], np.zeros_like(rows[:1])])
    currents = {index: rows[:steps][::-1] for index, rows in case.currents.items()}
    assert kept
    return (Network(replace(case.network.settings, interval_steps=steps), populations,
                    tuple(replace(each, optimizer=None) for each in within)),
            Inputs(spikes, currents, values))


@pytest.mark.parametrize("steps", [T, 13, 1])
def test_they_do_what_forward_cells_do_on_the_input_turned_round(steps: int) -> None:
    case = make_case(PLAN)
    wanted = [each for each in case.recordings if each.population in case.network.backwards
              and each.variable != "learning_signal" and each.every == 1]
    found = ReferenceMachine(case.network).run(
        T, replace(case.inputs(0, T), lengths=np.array([steps])), wanted)
    net, inputs = turned(case, steps)
    net = replace(net, populations=tuple(
        each if not isinstance(each, Readouts) else readouts(each.size)
        for each in net.populations))
    expected = ReferenceMachine(net).run(steps, inputs, wanted)
    spikes = 0
    for recording, entry, own in zip(wanted, found.entries, expected.entries, strict=True):
        if recording.variable == "spikes":
            at_network = sorted(zip((steps + 1 - own[0]).tolist(), own[1].tolist(), strict=True))
            assert list(zip(*(each.tolist() for each in entry), strict=True)) == at_network
            spikes += len(at_network)
        else:
            np.testing.assert_array_equal(entry[:steps], own[::-1])
            assert np.all(np.isnan(entry[steps:]))
    assert spikes > 3 or steps == 1


class Written:
    """Gradients of one trial of :data:`PLAN`, from its recordings, by sums that are written out."""

    def __init__(self, case: Case, steps: int) -> None:
        self.case, self.steps, network = case, steps, case.network
        self.machine = ReferenceMachine(network)
        recorded = self.machine.run(T, replace(case.inputs(0, T), lengths=np.array([steps])),
                                    case.recordings)
        self.rows: dict[Any, np.ndarray] = {}
        for recording, entry in zip(case.recordings, recorded.entries, strict=True):
            size = network.populations[recording.population].size
            if recording.every != 1:
                continue
            if recording.variable == "spikes":
                counts = np.zeros((T + 1, size))
                np.add.at(counts, (np.asarray(entry[0]), np.asarray(entry[1])), 1.0)
                self.rows[recording.population, "spikes"] = counts[:steps + 1]
            elif recording.variable != "loss":      # row t is step t
                self.rows[recording.population, recording.variable] = np.concatenate(
                    [np.zeros((1, size)), np.asarray(entry)[:steps]])

    def errors_to_come(self, readout: int) -> np.ndarray:
        """g_k^t = sum over t' >= t of kappa^(t' - t) err_k^t', (steps + 1, readouts)."""
        described = self.case.network.populations[readout]
        assert isinstance(described, Readouts)
        kappa = np.exp(-1.0 / described.tau_m)
        error = self.rows[readout, "error"]
        return np.array([sum((kappa ** (later - t) * error[later]
                              for later in range(t, self.steps + 1)), np.zeros(described.size))
                         for t in range(self.steps + 1)])

    def presynaptic(self, projection: Any, post_backwards: bool) -> np.ndarray:
        """What arrives at each synapse at each own step of the postsynaptic cell, from 1 on."""
        pre = self.case.network.populations[projection.pre]
        if isinstance(pre, AnalogSources):
            emitted = self.case.values[projection.pre][:self.steps]
        elif isinstance(pre, Sources):
            emitted = self.case.spikes[projection.pre][:self.steps].astype(float)
        else:
            emitted = self.rows[projection.pre, "spikes"]
        found = np.zeros((self.steps + 1, len(projection.weight)))
        for synapse, (i, d) in enumerate(zip(projection.pre_index, projection.delay, strict=True)):
            for s in range(1, self.steps + 1):
                if pre.from_outside:
                    step = self.steps - s + d - 1 if post_backwards else s - d
                    inside = 0 <= step < self.steps
                elif post_backwards:        # own step s - d, at the network's step n + 1 - (s - d)
                    step, inside = self.steps + 1 - (s - d), s - d >= 1
                else:
                    step, inside = s - d, s - d >= 1
                found[s, synapse] = emitted[step, i] if inside else 0.0
        return found

    def onto_cells(self, index: int) -> np.ndarray:
        """sum_s (sum_k B_jk g_k^{n+1-s} + C_j) e_ji^s, with the traces of eq. 22 to 28."""
        network, steps = self.case.network, self.steps
        projection = network.projections[index]
        cells, j = network.populations[projection.post], projection.post_index
        assert isinstance(cells, SpikingCells)
        back = projection.post in network.backwards
        arriving = self.presynaptic(projection, back)
        h = self.rows[projection.post, "h"]
        own_h = np.concatenate([h[:1], h[:0:-1]]) if back else h
        alpha = np.exp(-1.0 / cells.tau_m)                                  # type: ignore[attr-defined]
        rho, beta = np.zeros(cells.size), np.zeros(cells.size)
        if hasattr(cells, "beta"):
            rho, beta = np.exp(-1.0 / cells.tau_a), cells.beta              # type: ignore[attr-defined]
        spikes = self.rows[projection.post, "spikes"].sum(axis=0)
        C = cells.c_reg * (spikes / (steps / 1000.0) - cells.f_target)
        zhat, eps, total = (np.zeros(len(j)) for _ in range(3))
        for s in range(1, steps + 1):
            # eps_a^s is made of h^{s-1} and zhat^{s-2} before zhat moves on
            if s > 1:
                eps = own_h[s - 1][j] * zhat + (rho[j] - beta[j] * own_h[s - 1][j]) * eps
            zhat = alpha[j] * zhat + arriving[s]
            e = own_h[s][j] * (zhat - beta[j] * eps)
            G = C[j].copy()
            for signal in network.learning_signals:
                if signal.target == projection.post:
                    g = self.errors_to_come(signal.source)[steps + 1 - s if back else s]
                    G += (np.asarray(signal.feedback.weight) @ g)[j]        # type: ignore[union-attr]
            total += G * e
        return total

    def onto_readouts(self, index: int) -> np.ndarray:
        """sum over the spikes of the error to come at the step at which each arrives."""
        projection = self.case.network.projections[index]
        g = self.errors_to_come(projection.post)
        emitted = self.rows[projection.pre, "spikes"]
        total = np.zeros(len(projection.weight))
        for synapse, (i, k, d) in enumerate(zip(projection.pre_index, projection.post_index,
                                                projection.delay, strict=True)):
            for t in range(1, self.steps + 1):
                arrives = t + d - 1
                if arrives <= self.steps:
                    total[synapse] += emitted[t, i] * g[arrives, k]
        return total


@pytest.mark.parametrize("steps", [T, 13])
def test_gradients_are_the_sums_written_out(steps: int) -> None:
    case = make_case(PLAN)
    written, compared = Written(case, steps), 0
    for index, projection in enumerate(case.network.projections):
        if projection.optimizer is None:
            continue
        pre = case.network.populations[projection.pre]
        if projection.post in case.network.learning_cells:
            expected = written.onto_cells(index)
        elif isinstance(pre, SpikingCells):
            expected = written.onto_readouts(index)
        else:
            continue
        compared += 1
        np.testing.assert_allclose(written.machine.gradient(index), expected, rtol=1e-10,
                                   atol=1e-10 * np.max(np.abs(expected)), err_msg=projection.label)
    assert compared >= 12


def test_readouts_add_up_both_directions_of_a_step() -> None:
    """Two cells of one input each, weights 1 and 2, at threshold; y = sum of what spikes at t.

    The forward cell spikes a step after its input at 1 and 3, at 2 and 4. The backwards cell gets
    the input at 3 at the network's step 4 and that at 1 at step 2: the steps are the same.
    """
    cells = {"v_thresh": 1.0, "tau_m": 1e-9}
    net = network(
        [Sources("sources", 1), lif(1, **cells), lif(1, backwards=True, **cells),
         readouts(1, tau_m=1e-9)],
        [synapses(0, 1, [(0, 0)]), synapses(0, 2, [(0, 0)]), synapses(1, 3, [(0, 0)], 1.0),
         synapses(2, 3, [(0, 0)], 2.0)], interval_steps=6)
    case = make_case(Plan(sources=(1,)))
    recordings = [replace(case.recordings[0], population=3, variable="y", cells=np.array([0]))]
    given = Inputs({0: (np.array([1, 3]), np.array([0, 0]))})
    y = ReferenceMachine(net).run(6, given, recordings).entries[0]
    assert np.asarray(y)[:, 0].tolist() == [0.0, 3.0, 0.0, 3.0, 0.0, 0.0]


def test_a_delay_arrives_later_in_their_own_time() -> None:
    """A source's spike at step 4 of 6 through 3 steps: own step 6 - 4 + 3 - 1 = 4, which is 3."""
    net = network([Sources("sources", 1), lif(1, backwards=True, v_thresh=1.0)],
                  [synapses(0, 1, [(0, 0)], delay=3)], interval_steps=6)
    case = make_case(Plan(sources=(1,)))
    recordings = [replace(case.recordings[0], population=1, variable="spikes", cells=np.array([0]))]
    machine = ReferenceMachine(net)
    spikes = machine.run(6, Inputs({0: (np.array([4]), np.array([0]))}), recordings).entries[0]
    assert spikes[0].tolist() == [3]


def bad(**changes: Any) -> Network:
    """A network with cells of both directions, and something wrong."""
    populations = [Sources("sources", 1), lif(1, label="forth"),
                   alif(1, label="back", backwards=True), readouts(1),
                   *changes.pop("others", ())]
    projections = [synapses(0, 1, [(0, 0)]), synapses(0, 2, [(0, 0)]), synapses(2, 2, [(0, 0)]),
                   synapses(2, 3, [(0, 0)]), *changes.pop("further", ())]
    return network(populations, projections, [feedback(3, 2, [[1.0]])],
                   **{"interval_steps": 5, **changes})


@pytest.mark.parametrize(("net", "message"), [
    (bad(further=[synapses(1, 2, [(0, 0)])]), "1 to 2: synapses cannot lead from forth to back"),
    (bad(further=[synapses(2, 1, [(0, 0)])]), "2 to 1: synapses cannot lead from back to forth"),
    (bad(boundary=Boundary.CONTINUOUS), "back: backwards=True needs .*; use boundary 'reset'"),
    (bad(interval_steps=None), "back: backwards=True needs .*; give the network an update inter"),
    (bad(others=[current_based(1)]), "back: backwards=True needs .*; never learning carries on"),
])
def test_what_has_no_meaning_is_refused(net: Network, message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        ReferenceMachine(net)


def test_runs_consist_of_whole_trials() -> None:
    machine = ReferenceMachine(bad())
    with pytest.raises(SimulationError, match=r"back runs trials backwards, so that runs consist "
                       r"of whole trials of 5 steps; this one would go from step 0 to 7"):
        machine.run(7, Inputs())
    assert machine.step == 0
    machine.run(10, Inputs())
    assert machine.step == 10


def test_the_direction_cannot_change() -> None:
    net = bad()
    machine = ReferenceMachine(net)
    forward = replace(net, populations=(
        *net.populations[:2], replace(net.populations[2], backwards=False), *net.populations[3:]))
    with pytest.raises(NetworkError, match="nor their direction"):
        machine.set_population(2, forward)


def test_they_do_not_learn_from_the_activity_of_another_machine() -> None:
    net = bad(further=[synapses(0, 2, [(0, 0)], optimizer=SGD(lr=0.1))])
    with pytest.raises(UnsupportedError, match="back runs trials backwards; such a network learns"):
        ReferenceMachine(net).learn(Activity())
