"""Networks of recurrent units written out step by step, differentiated as a whole by autograd.

``keep`` detaches outputs on their way to the units (eq. 43), as e-prop 1 does.
"""

import autograd.numpy as np
from autograd import grad
from autograd.tracer import getval

from pynn_eprop.intervals import UnitNetwork


def sigmoid(values):
    return 1.0 / (1.0 + np.exp(-values))


def unit(network, state, a):
    if network.kind == "lstm":
        n = network.units
        i, f, c, o = (a[:, k * n:(k + 1) * n] for k in range(4))
        state = sigmoid(f) * state + sigmoid(i) * np.tanh(c)
        return state, sigmoid(o) * (np.tanh(state) if network.tanh_output else state)
    state = network.leak * state + a
    return state, {"tanh": np.tanh, "sigmoid": sigmoid,
                   "relu": lambda s: np.maximum(s, 0.0)}[network.kind](state)


def run(network: UnitNetwork, parameters, case, first=0, start=None, added=None, keep=lambda h: h):
    """Rows of h, and (state, h) after the last step, from the step ``first`` on."""
    batch = case["inputs"].shape[1]
    state, h = start if start is not None else (np.zeros((batch, network.units)),) * 2
    rows = []
    for step in range(first, len(case["inputs"])):
        x = case["inputs"][step]
        if network.words is not None:
            x = parameters["embedding"][x]
        u = np.concatenate([keep(h), x, np.ones((batch, 1))], axis=1)
        state, h = unit(network, state, u @ parameters["weights"])
        if added is not None:
            h = h + added[step]
        rows.append(h)
    return np.stack(rows), (state, h)


def error_of(network, parameters, rows, case, first=0):
    """The error summed over sequences and active steps."""
    total = 0.0
    for step in range(first, first + len(rows)):
        if not case["active"][step]:
            continue
        y = rows[step - first] @ parameters["readout"] + parameters["readout_bias"]
        target = case["targets"][step]
        if network.loss == "softmax":
            p = np.exp(y) / np.sum(np.exp(y), axis=1, keepdims=True)
            total = total - np.sum(np.log(p[np.arange(len(target)), target]))
        else:
            p = sigmoid(y)
            total = total - np.sum(target * np.log2(p) + (1 - target) * np.log2(1 - p))
    return total


def error(network, parameters, case, first=0, start=None, added=None, keep=lambda h: h):
    rows, _ = run(network, parameters, case, first, start, added, keep)
    return error_of(network, parameters, rows, case, first)


def full_gradient(network, parameters, case):
    """By backpropagation through all steps, of the mean of the batch."""
    batch = case["inputs"].shape[1]
    return grad(lambda weights: error(network, weights, case) / batch)(parameters)


def detached_gradient(network, parameters, case):
    """As :func:`full_gradient`, with recurrent outputs detached."""
    batch = case["inputs"].shape[1]
    return grad(lambda weights: error(network, weights, case, keep=getval) / batch)(parameters)
