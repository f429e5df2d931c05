"""A machine for learning in intervals that is quick to write and to start: NumPy, no past.

Its LSTM units stay as they are; readout and bias learn from the error of each step. What drives a
machine can be tried on it without compiled code.
"""

import dataclasses

import numpy as np

from pynn_eprop.errors import CheckpointError
from pynn_eprop.intervals.network import BINARY, check_parameters
from pynn_eprop.intervals.steps import check_steps


class StandInMachine:
    def __init__(self, network, learning, parameters, seed, machine="compiled",
                 precision="float32", threads=1):
        check_parameters(network, parameters)
        self.network, self.learning, self.updates = network, learning, 0
        self._weights = {name: np.array(array) for name, array in parameters.items()}
        self._moments = {name: np.zeros((2, *self._weights[name].shape)) for name in
                         ("readout", "readout_bias")}
        self.start()

    def start(self):
        self._c, self._h = np.zeros((2, self.learning.batch, self.network.units))

    def _run(self, inputs):
        weights, n = self._weights, self.network.units
        outputs = []
        for x in weights["embedding"][inputs] if self.network.words else inputs:
            u = np.concatenate([self._h, x, np.ones((len(x), 1))], axis=1)
            i, f, g, o = np.split(u @ weights["weights"], [n, 2 * n, 3 * n], axis=1)
            i, f, o = (1.0 / (1.0 + np.exp(-gate)) for gate in (i, f, o))
            self._c = f * self._c + i * np.tanh(g)
            self._h = o * np.tanh(self._c)
            outputs.append(self._h)
        h = np.stack(outputs)
        return h @ weights["readout"] + weights["readout_bias"], h

    def _error(self, y, targets):
        """Error of each sequence at each step, and its derivative by y."""
        if self.network.loss == BINARY:
            error = (np.logaddexp(0.0, y) - targets * y).sum(axis=2) / np.log(2.0)
            return error, (1.0 / (1.0 + np.exp(-y)) - targets) / np.log(2.0)
        top = y.max(axis=2, keepdims=True)
        log = y - top - np.log(np.exp(y - top).sum(axis=2, keepdims=True))
        one_hot = np.eye(self.network.outputs)[targets]
        return -(one_hot * log).sum(axis=2), np.exp(log) - one_hot

    def train(self, inputs, targets, active, last=True, rate=1.0):
        check_steps(self.network, self.learning.batch, inputs, targets, active)
        total = 0.0
        size = len(inputs) if self.learning.rule.whole else self.learning.interval
        for begin in range(0, len(inputs), size):
            piece = slice(begin, begin + size)
            y, h = self._run(inputs[piece])
            error, slope = self._error(y, targets[piece])
            on = np.asarray(active[piece], float)
            total += float((error.mean(axis=1) * on).sum())
            if not np.isfinite(total):
                return total
            slope = slope * on[:, np.newaxis, np.newaxis] / self.learning.batch
            self.updates += 1
            for name, gradient in (("readout", np.einsum("tbj,tbk->jk", h, slope)),
                                   ("readout_bias", slope.sum(axis=(0, 1)))):
                self._step(name, gradient, rate)
        return total

    def _step(self, name, gradient, rate):
        optimizer = self.learning.optimizer
        state = {"m": self._moments[name][0], "v": self._moments[name][1]} \
            if optimizer.name == "adam" else {}
        optimizer = dataclasses.replace(optimizer, lr=optimizer.lr * rate)
        self._weights[name], state = optimizer.update(gradient, state, self._weights[name],
                                                      self.updates)
        if state:
            self._moments[name] = np.stack([state["m"], state["v"]])

    def evaluate(self, inputs, targets, active):
        error, _ = self._error(self._run(inputs)[0], targets)
        return float((error.mean(axis=1) * active).sum())

    def outputs(self, inputs):
        return self._run(inputs)

    def parameters(self):
        return {name: array.copy() for name, array in self._weights.items()}

    def set_parameters(self, parameters):
        check_parameters(self.network, parameters)
        self._weights = {name: np.array(array) for name, array in parameters.items()}

    def state(self):
        return {**self.parameters(), **{f"{name}-moments": array.copy() for name, array
                                        in self._moments.items()},
                "c": self._c, "h": self._h, "updates": np.array(self.updates)}

    def load(self, state):
        try:
            self.set_parameters({name: state[name] for name in self._weights})
            self._moments = {name: state[f"{name}-moments"] for name in self._moments}
            self._c, self._h, self.updates = state["c"], state["h"], int(state["updates"])
        except KeyError as error:
            raise CheckpointError(f"no {error}") from error

    def explained(self):
        return float("nan")


if __name__ == "__main__":
    import sys

    import pynn_eprop.interval_training.plan as plan
    from pynn_eprop.cli import main
    plan.build_machine = StandInMachine
    sys.exit(main(sys.argv[1:]))
