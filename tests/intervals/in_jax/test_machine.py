"""The machine in JAX: order of updates, error module, ends of sequences, states."""

import subprocess
import sys
import warnings
from dataclasses import replace

import jax
import numpy as np
import pytest

from pynn_eprop.errors import CheckpointError, ParameterError, SetupError, SimulationError
from pynn_eprop.intervals import (
    INTERVAL_RULES,
    IntervalLearning,
    SyntheticGradients,
    UnitNetwork,
    build_machine,
)
from pynn_eprop.intervals.in_jax import machine as machine_module
from pynn_eprop.intervals.in_jax.gradients import first_state, interval_gradients, steps_of
from pynn_eprop.intervals.in_jax.machine import JaxMachine
from pynn_eprop.models.optimizers import SGD, Adam, StepDecay
from tests.intervals.cases import NETWORKS, first_weights, sequences

NETWORK = NETWORKS["LSTM"]
BATCH, INTERVAL, STEPS = 3, 2, 5
CASE = tuple(sequences(NETWORK, STEPS, BATCH).values())
OPTIMIZER = Adam(0.02, schedule=StepDecay(0.5, 2))


def machine_of(rule="eprop3", precision="float64", network=NETWORK, **options):
    learning = IntervalLearning(INTERVAL_RULES[rule], BATCH, INTERVAL, **{
        "optimizer": OPTIMIZER, **options})
    return JaxMachine(network, learning, first_weights(network), 7, precision)


class ByHand:
    """Learning as it is documented, interval after interval, with NumPy around the gradients.

    The error module and its gradients are written out; optimisers are the package's own in NumPy.
    """

    def __init__(self, learning, rate):
        self.learning, self.rate, self.module = learning, rate, learning.module
        self.weights = first_weights(NETWORK)
        self.psi = self.module.first_parameters(NETWORK, 7)
        self.kept = {}

    @staticmethod
    @jax.jit
    def gradients(weights, start, steps, beyond):
        return interval_gradients(NETWORK, INTERVAL_RULES["eprop3"], weights, start, steps,
                                  lambda end: beyond)

    def step(self, optimizer, key, weights, gradients):
        count, states = self.kept.get(key, (1, {}))
        optimizer = replace(optimizer, lr=optimizer.lr * self.rate)
        new = {}
        for name, weight in weights.items():
            state = states.get(name) or optimizer.init(weight)
            new[name], states[name] = optimizer.update(np.asarray(gradients[name]), state, weight,
                                                       count)
        self.kept[key] = (count + 1, states)
        return new

    def seen(self, end):
        parts = [end["output"], end["state"]] if self.module.sees_state else [end["output"]]
        return np.concatenate(parts, axis=1)

    def hidden(self, end):
        return np.maximum(self.seen(end) @ self.psi["hidden"] + self.psi["hidden_bias"], 0.0)

    def predicted(self, end):
        return self.hidden(end) @ self.psi["output"] + self.psi["output_bias"]

    def beyond(self, end, last):
        values = np.zeros((BATCH, 8)) if last else self.module.factor * self.predicted(end)
        return {"state": values[:, :4], "output": values[:, 4:]}

    def module_gradients(self, end, targets):
        """dE_SG/dPsi, the mean of the batch, and dE_SG of a sequence by what is seen (eq. 66)."""
        wanted = np.concatenate([targets["state"], targets["output"]], axis=1)
        if self.module.shuffled:
            wanted = wanted[[*range(1, BATCH), 0]]
        wrong, hidden = self.predicted(end) - wanted, self.hidden(end)
        back = (wrong @ self.psi["output"].T) * (hidden > 0)
        return {"hidden": self.seen(end).T @ back / BATCH, "hidden_bias": back.sum(0) / BATCH,
                "output": hidden.T @ wrong / BATCH, "output_bias": wrong.sum(0) / BATCH,
                }, back @ self.psi["hidden"].T

    def sequence(self, case):
        """The error of a sequence."""
        now, before, total = first_state(NETWORK, self.learning.rule, BATCH), None, 0.0
        starts = list(range(0, STEPS, INTERVAL))
        pieces = [steps_of(NETWORK, *(values[first:first + INTERVAL] for values in case), INTERVAL)
                  for first in starts]
        for number, piece in enumerate(pieces):
            last = number == len(pieces) - 1
            zero = self.beyond(None, True)
            end = self.gradients(self.weights, now, piece, {**zero, "own": zero["state"]}).end
            beyond = {**self.beyond(end, last), "own": zero["state"]}
            learned = None
            if self.module.schedule == "extra pass" and not last:
                after_last = number + 2 == len(pieces)
                after = self.gradients(self.weights, end, pieces[number + 1],
                                       {**zero, "own": zero["state"]}).end
                ahead = self.gradients(self.weights, end, pieces[number + 1], {
                    **self.beyond(after, after_last), "own": zero["state"]})
                learned, by_seen = self.module_gradients(end, ahead.by_start)
                if self.module.through_network:
                    beyond["output"] = beyond["output"] + by_seen[:, :4]
                    beyond["own"] = by_seen[:, 4:] if self.module.sees_state else zero["state"]
            found = self.gradients(self.weights, now, piece, beyond)
            total += float(found.error)
            gradients = {name: np.asarray(each) for name, each in found.gradients.items()}
            if self.learning.clip is not None:
                norm = np.sqrt(sum((each ** 2).sum() for each in gradients.values()))
                gradients = {name: each * min(1.0, self.learning.clip / norm)
                             for name, each in gradients.items()}
            if self.module.schedule == "next interval" and before is not None:
                learned, _ = self.module_gradients(before, found.by_start)
            if learned is not None:
                self.psi = self.step(self.learning.module_optimizer, "module", self.psi, learned)
            self.weights = self.step(self.learning.optimizer, "network", self.weights, gradients)
            now = before = found.end
        return total


MODULES = {
    "next interval": SyntheticGradients(5, factor=0.7),
    "next interval, shuffled, own optimizer": SyntheticGradients(
        5, factor=0.7, shuffled=True, sees_state=True, optimizer=SGD(0.3)),
    "extra pass": SyntheticGradients(5, factor=0.7, schedule="extra pass"),
    "extra pass, through the network": SyntheticGradients(
        5, factor=0.7, schedule="extra pass", sees_state=True, through_network=True),
}


@pytest.mark.parametrize("name", MODULES)
def test_learning_has_the_documented_order(name):
    """Three sequences of three intervals, the last of one step; clip and rate as well."""
    options = {"synthetic": MODULES[name], "clip": 0.8}
    machine = machine_of(**options)
    with jax.enable_x64(True):
        by_hand = ByHand(machine.learning, rate=0.5)
        for _ in range(3):
            machine.start()
            assert machine.train(*CASE, rate=0.5) == pytest.approx(by_hand.sequence(CASE),
                                                                   rel=1e-12)
    state = machine.state()
    for prefix, expected in (("", by_hand.weights), ("module.", by_hand.psi)):
        for key, values in expected.items():
            found = state[prefix + key]
            np.testing.assert_allclose(found, values, rtol=0, atol=1e-11)
    assert np.abs(state["module.output"]).max() > 1e-3
    assert machine.updates == 9
    assert state["counts"].tolist()[1] == 6       # two ends of intervals in a sequence are learned
    assert -1.0 < machine.explained() < 1.0
    assert np.isnan(machine.explained())        # nothing since then


def test_sequences_may_come_in_parts():
    """train(last=False) goes on with states, traces and what is still to be learned."""
    machine = machine_of(synthetic=MODULES["next interval"], clip=0.8)
    whole = machine.train(*CASE)
    expected = machine.state()
    machine = machine_of(synthetic=MODULES["next interval"], clip=0.8)
    parts = [machine.train(*(values[first:first + 4] for values in CASE), last=first == 4)
             for first in (0, 4)]
    assert sum(parts) == pytest.approx(whole, rel=1e-14)
    for name, values in machine.state().items():
        if name != "description":
            np.testing.assert_allclose(values, expected[name], rtol=0, atol=1e-14, err_msg=name)
    with pytest.raises(SimulationError, match="3 steps are not whole intervals of 2"):
        machine.train(*(values[:3] for values in CASE), last=False)
    with pytest.raises(SimulationError, match="rate=nan must be a finite number"):
        machine.train(*CASE, rate=np.nan)


def test_a_machine_that_loads_a_state_goes_on_bit_for_bit():
    machine = machine_of(synthetic=MODULES["next interval"], clip=0.8)
    part = [values[:4] for values in CASE]
    machine.train(*part, last=False)
    state = machine.state()
    other = machine_of(synthetic=MODULES["next interval"], clip=0.8)
    other.load(state)
    assert other.state().keys() == state.keys()
    for each in (machine, other):
        each.train(*part, last=False)
    for name, values in machine.state().items():
        np.testing.assert_array_equal(values, other.state()[name], err_msg=name)
    assert machine.explained() == other.explained()


def test_states_of_something_else_are_refused():
    state = machine_of("traces").state()
    for other, message in (
            (machine_of("truncated-bptt"), r"rule.traces: <Traces.CARRIED"),
            (machine_of("traces", network=replace(NETWORK, outputs=3)), r"network.outputs: 2"),
            (machine_of("traces", "float32"), "'precision: float64', this machine")):
        before = other.parameters()
        with pytest.raises(CheckpointError, match=message):
            other.load(state)
        for name, values in other.parameters().items():
            np.testing.assert_array_equal(values, before[name])


def test_evaluating_learns_nothing_and_goes_on_from_the_state():
    """Its error is that of the outputs, in bits of eq. 3.1, and of training at a rate of 0."""
    machine = machine_of("truncated-bptt", optimizer=SGD(0.1))
    before = machine.parameters()
    inputs, targets, active = CASE
    y, h = machine.outputs(inputs)
    p = 1 / (1 + np.exp(-y))
    expected = -np.log2(np.where(targets == 1, p, 1 - p))[active].sum() / BATCH
    machine.start()
    found = machine.evaluate(inputs[:3], targets[:3], active[:3])
    found += machine.evaluate(inputs[3:], targets[3:], active[3:])
    assert found == pytest.approx(expected, rel=1e-13)
    np.testing.assert_allclose(machine.state()["unit.output"], h[-1], rtol=0, atol=1e-14)
    machine.start()
    assert machine.train(*CASE, rate=0.0) == pytest.approx(expected, rel=1e-13)
    for name, values in machine.parameters().items():
        np.testing.assert_array_equal(values, before[name])


def test_a_diverged_run_says_so_and_keeps_the_weights_of_before():
    """By an input of the second interval, and by outputs whose error is too large for a number."""
    machine = machine_of("truncated-bptt", optimizer=SGD(0.1))
    inputs = np.array(CASE[0])
    inputs[2:] = np.nan
    first = machine_of("truncated-bptt", optimizer=SGD(0.1))
    first.train(*(values[:2] for values in CASE), last=False)
    assert not np.isfinite(machine.train(inputs, *CASE[1:]))
    assert machine.updates == 1
    for name, values in machine.state().items():
        assert name == "description" or np.all(np.isfinite(values)), name
        np.testing.assert_array_equal(values, first.state()[name], err_msg=name)
    huge = {**machine.parameters(), "readout_bias": np.full(2, 1.7e308)}
    machine.set_parameters(huge)
    machine.start()
    assert not np.isfinite(machine.train(*CASE))
    assert machine.updates == 1
    for name, values in machine.parameters().items():
        np.testing.assert_array_equal(values, huge[name])


def test_squares_beyond_all_numbers_explain_nothing():
    """As of a run that diverges; without NumPy's warning, which a user would see."""
    machine = machine_of("traces")
    machine._squares = np.full(2, np.inf)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(machine.explained())


def test_weights_are_set_and_checked():
    machine = machine_of("truncated-bptt")
    with pytest.raises(ParameterError, match="'readout' are missing"):
        machine.set_parameters({name: values for name, values in machine.parameters().items()
                                if name != "readout"})
    given = first_weights(NETWORK, seed=5)
    machine.set_parameters(given)
    for name, values in machine.parameters().items():
        np.testing.assert_array_equal(values, given[name])


def test_a_network_too_large_for_memory_is_refused_with_numbers(monkeypatch):
    """Traces of 3 gates, batch, units and 8 rows are needed twice, beside five times weights and
    what a stretch keeps; an error module, and a whole sequence, count as well."""
    learning = machine_of("traces").learning
    monkeypatch.setattr(machine_module, "memory_of", lambda device: 8000)
    with pytest.raises(SetupError, match=r"GB of memory, 4.61e-06 GB of it for eligibility"):
        machine_of("traces")
    monkeypatch.undo()
    module = SyntheticGradients(10 ** 11)
    with pytest.raises(SetupError, match=r"need .* GB of memory"):
        machine_module.check_memory(NETWORK, replace(
            learning, rule=INTERVAL_RULES["eprop3"], synthetic=module), "float32")
    machine_module.check_memory(NETWORK, learning, "float32", 100)
    with pytest.raises(SetupError, match=r"1000000000000 steps at once need .* GB of memory"):
        machine_module.check_memory(NETWORK, learning, "float32", 10 ** 12)


def test_without_jax_the_error_says_what_to_install():
    script = ("import sys; sys.modules['jax'] = None\n"
              "from pynn_eprop.errors import MissingDependencyError\n"
              "try:\n    import pynn_eprop.intervals.in_jax.machine\n"
              "except MissingDependencyError as error:\n    print(error)")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True,
                          check=True)
    assert "pip install 'pynn_eprop[jax]'" in done.stdout


def memory_task(rule, rate, batches, until=0.0, shuffled=False):
    """Errors of batches: 4 bits at step 0 are asked at step 4, one interval later.

    Input weights begin with 0, so that readouts of untrained units see nothing of the bits.
    """
    network = UnitNetwork(32, 4, 4, tanh_output=True)
    learning = IntervalLearning(INTERVAL_RULES[rule], 16, 4, Adam(0.01), synthetic=(
        SyntheticGradients(64, shuffled=shuffled)))
    weights = network.first_parameters(2)
    weights["weights"][network.units:-1] = 0.0
    machine = build_machine(network, learning, weights, 2, machine="jax")
    rng, errors = np.random.default_rng(2), []
    active = np.arange(8) == 4
    while len(errors) < batches and (len(errors) < 16 or np.mean(errors[-16:]) > until):
        inputs, targets = np.zeros((2, 8, 16, 4))
        inputs[0] = targets[4] = rng.integers(0, 2, (16, 4))
        machine.start()
        errors.append(machine.train(inputs, targets, active, rate=rate(len(errors))))
    return errors


@pytest.mark.slow
def test_synthetic_gradients_learn_what_is_asked_one_interval_later():
    """Truncated BPTT stays at chance, 4 bits. Control: targets of another sequence."""
    def rate(number):
        return max(0.1, 1 - number / 2000)

    solved = memory_task("truncated-bptt-sg", rate, 2500, until=0.15)
    assert np.mean(solved[-16:]) < 0.15
    chance = memory_task("truncated-bptt", rate, 200)
    assert np.mean(chance[-100:]) == pytest.approx(4.0, abs=0.1)
    control = memory_task("truncated-bptt-sg", rate, len(solved), shuffled=True)
    assert np.mean(control[-100:]) > 1.0
