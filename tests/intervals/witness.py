"""Learning in intervals in NumPy, float64, from definitions alone.

No recursion goes backwards here. Derivatives are those of an objective that is simulated forwards,
by complex steps (exact to rounding): of weights, of an output h^t that is moved at one step, of the
states and outputs that an interval starts with. Eligibility vectors are kept for every synapse and
go forwards (eq. 37). Only readouts' errors y - y* are written out.
"""

from dataclasses import dataclass, field

import numpy as np

from pynn_eprop.intervals import IntervalLearning, Signal, Traces, UnitNetwork
from pynn_eprop.intervals.learning import EXTRA_PASS, IntervalOptimizer
from pynn_eprop.intervals.network import BINARY, LSTM, Arrays

STEP = 1e-40


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-x))


ACTIVATIONS = {"tanh": np.tanh, "sigmoid": sigmoid, "relu": lambda s: np.where(s.real > 0, s, 0.0)}


def derivative(function, values: np.ndarray) -> np.ndarray:
    """d function / d values, (results..., values...); the function takes complex values."""
    columns = []
    for index in np.ndindex(values.shape):
        moved = values.astype(complex)
        moved[index] += 1j * STEP
        columns.append(np.imag(function(moved)) / STEP)
    return np.stack(columns, axis=-1).reshape(*columns[0].shape, *values.shape)


@dataclass
class Steps:
    """Inputs, targets and active steps of an interval."""

    inputs: np.ndarray
    targets: np.ndarray
    active: np.ndarray

    def part(self, start: int, end: int) -> "Steps":
        return Steps(self.inputs[start:end], self.targets[start:end], self.active[start:end])

    def __len__(self) -> int:
        return len(self.inputs)


@dataclass
class Run:
    """A simulated interval; lists over steps of arrays over the batch."""

    u: list = field(default_factory=list)
    local: list = field(default_factory=list)       # (batch, traced gates, units): dstate / da
    kept: list = field(default_factory=list)        # dstate^t / dstate^{t-1}
    passed: list = field(default_factory=list)      # dh / dstate
    output_gate: list = field(default_factory=list)  # dh / da_o, LSTM
    y_errors: list = field(default_factory=list)    # dE / dy
    state: np.ndarray = None
    h: np.ndarray = None
    errors: np.ndarray = None                       # (batch)


def simulate(network: UnitNetwork, p: Arrays, state, h, steps: Steps, moved=None) -> Run:
    """Units, readouts and errors of all steps.

    moved: {step: what is added to h after that step}, for derivatives.
    """
    run, n = Run(), network.units
    errors = np.zeros(len(state), complex)
    for t, x in enumerate(steps.inputs):
        if network.words is not None:
            x = p["embedding"][x]
        u = np.concatenate([h, x, np.ones((len(h), 1))], axis=1)
        a = u @ p["weights"]
        before = state
        if network.kind == LSTM:
            i, f, o = sigmoid(a[:, :n]), sigmoid(a[:, n:2 * n]), sigmoid(a[:, 3 * n:])
            g = np.tanh(a[:, 2 * n:3 * n])
            state = f * before + i * g
            q = np.tanh(state) if network.tanh_output else state
            h = o * q
            run.local.append(np.stack([g * i * (1 - i), before * f * (1 - f), i * (1 - g ** 2)], 1))
            run.kept.append(f)
            run.passed.append(o * (1 - q ** 2) if network.tanh_output else o)
            run.output_gate.append(q * o * (1 - o))
        else:
            state = network.leak * before + a
            h = ACTIVATIONS[network.kind](state)
            run.local.append(np.ones((len(h), 1, n)))
            run.kept.append(np.full((len(h), n), network.leak))
            run.passed.append({"tanh": 1 - h ** 2, "sigmoid": h * (1 - h),
                               "relu": (state.real > 0).astype(float)}[network.kind])
        run.u.append(u)
        if moved is not None and t in moved:
            h = h + moved[t]
        y = h @ p["readout"] + p["readout_bias"]
        if network.loss == BINARY:
            error = np.sum(np.log(1 + np.exp(y)) - steps.targets[t] * y, axis=1) / np.log(2)
            y_error = (sigmoid(y) - steps.targets[t]) / np.log(2)
        else:
            odds = np.exp(y)
            target = np.eye(network.outputs)[steps.targets[t]]
            error = np.log(np.sum(odds, axis=1)) - np.sum(target * y, axis=1)
            y_error = odds / np.sum(odds, axis=1, keepdims=True) - target
        active = float(steps.active[t])
        errors = errors + active * error
        run.y_errors.append(active * y_error)
    run.state, run.h, run.errors = state, h, errors
    return run


class Optimizer:
    """An optimiser of the package, over several arrays."""

    def __init__(self, optimizer: IntervalOptimizer, arrays: Arrays) -> None:
        self.optimizer, self.count = optimizer, 0
        self.states = {name: optimizer.init(values) for name, values in arrays.items()}

    def update(self, arrays: Arrays, gradients: Arrays, rate: float) -> None:
        self.count += 1
        optimizer = self.optimizer.with_rate(self.optimizer.lr * rate)
        for name in arrays:
            arrays[name], self.states[name] = optimizer.update(
                gradients[name], self.states[name], arrays[name], self.count)


class Witness:
    """An interval machine; ``gradients`` are those of the last update, means over the batch."""

    def __init__(self, network: UnitNetwork, learning: IntervalLearning, parameters: Arrays,
                 seed: int = 0) -> None:
        self.network, self.learning = network, learning
        self.p = {name: np.array(values) for name, values in parameters.items()}
        self.optimizer = Optimizer(learning.optimizer, self.p)
        if learning.module is not None:
            self.module = learning.module.first_parameters(network, seed)
            self.module_optimizer = Optimizer(learning.module_optimizer, self.module)
        self.exact: list | None = None      # boundary values in place of the module's
        self.start()

    def start(self) -> None:
        n, rows = self.network.units, self.network.units + self.network.inputs + 1
        self.state = np.zeros((self.learning.batch, n))
        self.h = np.zeros((self.learning.batch, n))
        self.traces = np.zeros((self.learning.batch, self.network.traced_gates, n, rows))
        self.before = None

    # --- the module ---

    def predict(self, state, h, module=None) -> np.ndarray:
        q = self.module if module is None else module
        x = np.concatenate([h, state], 1) if self.learning.module.sees_state else h
        hidden = x @ q["hidden"] + q["hidden_bias"]
        return np.where(hidden.real > 0, hidden, 0) @ q["output"] + q["output_bias"]

    def module_error(self, state, h, target, module=None) -> np.ndarray:
        """1/2 |SG - target|^2 of each sequence (eq. 66)."""
        if self.learning.module.shuffled:
            target = np.roll(target, -1, axis=0)
        return 0.5 * np.sum((self.predict(state, h, module) - target) ** 2, axis=1)

    def module_learns(self, state, h, target, rate: float) -> None:
        gradients = {
            name: derivative(lambda values, name=name: np.mean(self.module_error(
                state, h, target, {**self.module, name: values})), values)
            for name, values in self.module.items()}
        self.module_optimizer.update(self.module, gradients, rate)

    # --- intervals ---

    def objective(self, p, state, h, steps: Steps, boundary, moved=None, extra=None) -> np.ndarray:
        """Errors of sequences, with boundary . (state, h) at the end; extra: of that end, too."""
        run = simulate(self.network, p, state, h, steps, moved)
        total = run.errors + np.sum(boundary * np.concatenate([run.state, run.h], 1), axis=1)
        return total if extra is None else total + extra(run.state, run.h)

    def starts(self, state, h, steps: Steps, boundary) -> np.ndarray:
        """Of each sequence, the objective's derivatives by the states and outputs before it."""
        def moved(values):
            return self.objective(self.p, state + values[0], h + values[1], steps, boundary)
        found = derivative(moved, np.zeros((2, self.network.units)))
        return found.reshape(len(state), -1)

    def signals(self, steps: Steps, boundary, extra, run: Run) -> np.ndarray:
        """dE/dh_j^t, (steps, batch, units)."""
        if self.learning.rule.signal is not Signal.PROPAGATED:
            feedback = (self.network.random_feedback()
                        if self.learning.rule.signal is Signal.RANDOM else self.p["readout"].T)
            return np.array(run.y_errors) @ feedback
        return np.stack([derivative(
            lambda values, t=t: self.objective(self.p, self.state, self.h, steps, boundary,
                                               {t: values}, extra),
            np.zeros(self.network.units)) for t in range(len(steps))])

    def by_traces(self, steps: Steps, boundary, extra) -> np.ndarray:
        """dE/dW as sum_t dE/dh^t e^t, summed over the batch (eq. 1, 39, 40); moves traces on."""
        run = simulate(self.network, self.p, self.state, self.h, steps)
        signals = self.signals(steps, boundary, extra, run)
        carried = self.learning.rule.traces is Traces.CARRIED
        n, gates = self.network.units, self.network.traced_gates
        gradient = np.zeros_like(self.p["weights"])
        for t, signal in enumerate(signals):
            own = run.local[t][..., None] * run.u[t][:, None, None, :]
            self.traces = own + (run.kept[t][:, None, :, None] * self.traces if carried else 0)
            direct = signal * run.passed[t]
            if extra is not None and t == len(steps) - 1:
                direct = direct + derivative(lambda values: extra(run.state + values, run.h),
                                             np.zeros(n))
            gradient[:, :gates * n] += np.einsum("bj,bgji->igj", direct, self.traces).reshape(
                len(gradient), -1)
            if self.network.kind == LSTM:
                gradient[:, gates * n:] += run.u[t].T @ (signal * run.output_gate[t])
        return gradient

    def by_direct_paths(self, steps: Steps) -> np.ndarray:
        """Errors of inputs of e-prop 1: through the same unit alone, within the interval."""
        run = simulate(self.network, self.p, self.state, self.h, steps)
        n, rows = self.network.units, slice(self.network.units, -1)
        W = self.p["weights"][rows].reshape(self.network.inputs, self.network.gates, n)
        signals = self.signals(steps, 0.0, None, run)
        found = np.zeros((len(steps), self.learning.batch, self.network.inputs))
        for s in range(len(steps)):
            J = np.einsum("bgj,igj->bji", run.local[s], W[:, :self.network.traced_gates])
            for t in range(s, len(steps)):
                J = J if t == s else run.kept[t][:, :, None] * J
                found[s] += np.einsum("bj,bji->bi", signals[t] * run.passed[t], J)
            if self.network.kind == LSTM:
                found[s] += (signals[s] * run.output_gate[s]) @ W[:, 3].T
        return found

    def gradient(self, steps: Steps, boundary, extra=None) -> Arrays:
        batch = self.learning.batch
        found = {name: derivative(lambda values, name=name: np.sum(self.objective(
            {**self.p, name: values}, self.state, self.h, steps, boundary, None, extra)), values)
            for name, values in self.p.items()}
        if self.learning.rule.traces is not Traces.NONE:
            found["weights"] = self.by_traces(steps, boundary, extra)
        if "embedding" in found and self.learning.rule.signal is not Signal.PROPAGATED:
            found["embedding"][:] = 0.0
            np.add.at(found["embedding"], steps.inputs, self.by_direct_paths(steps))
        return {name: values / batch for name, values in found.items()}

    def boundary(self, end: Run, last: bool) -> np.ndarray:
        if self.exact is not None:
            return self.exact.pop(0)
        if self.learning.module is None or last:
            return np.zeros((self.learning.batch, 2 * self.network.units))
        return self.learning.module.factor * self.predict(end.state, end.h)

    def train(self, inputs, targets, active, last: bool = True, rate: float = 1.0) -> float:
        steps, module = Steps(inputs, targets, active), self.learning.module
        length = len(steps) if self.learning.rule.whole else self.learning.interval
        parts = [steps.part(k, k + length) for k in range(0, len(steps), length)]
        error = 0.0
        for k, part in enumerate(parts):
            ends = last and k == len(parts) - 1
            end = simulate(self.network, self.p, self.state, self.h, part)
            boundary, learned = self.boundary(end, ends), None
            extra = None
            if module is not None and module.schedule == EXTRA_PASS:
                if k + 1 < len(parts):
                    after = simulate(self.network, self.p, end.state, end.h, parts[k + 1])
                    target = self.starts(end.state, end.h, parts[k + 1],
                                         self.boundary(after, last and k == len(parts) - 2))
                    learned = end.state, end.h, target
                    if module.through_network:
                        def extra(state, h, target=target):
                            return self.module_error(state, h, target)
            elif module is not None and self.before is not None:
                learned = (*self.before, self.starts(self.state, self.h, part, boundary))
            gradients = self.gradient(part, boundary, extra)
            norm = np.sqrt(sum(np.sum(values ** 2) for values in gradients.values()))
            if self.learning.clip is not None and norm > self.learning.clip:
                gradients = {name: values * self.learning.clip / norm
                             for name, values in gradients.items()}
            self.gradients = gradients
            self.optimizer.update(self.p, gradients, rate)
            if learned is not None:
                self.module_learns(*learned, rate)
            self.state, self.h = end.state, end.h
            self.before = None if ends else (end.state, end.h)
            error += np.mean(end.errors.real)
        return float(error)
