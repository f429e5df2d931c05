"""The settings of a compiled machine as its C structure."""

from typing import Any

from pynn_eprop.intervals.compiled._intervals import ffi, lib
from pynn_eprop.intervals.learning import (
    EXTRA_PASS,
    IntervalLearning,
    SyntheticGradients,
)
from pynn_eprop.intervals.network import BINARY, LSTM, SOFTMAX, UnitNetwork
from pynn_eprop.intervals.rules import Signal, Traces
from pynn_eprop.models.optimizers.kernels import kernel_fields

PRECISIONS = {"float32": lib.IV_FLOAT32, "float64": lib.IV_FLOAT64}

_KINDS = {LSTM: lib.IV_LSTM, "tanh": lib.IV_TANH, "sigmoid": lib.IV_SIGMOID, "relu": lib.IV_RELU}
_LOSSES = {BINARY: lib.IV_BINARY, SOFTMAX: lib.IV_SOFTMAX}
_TRACES = {Traces.NONE: lib.IV_NONE, Traces.CARRIED: lib.IV_CARRIED,
           Traces.TRUNCATED: lib.IV_TRUNCATED}
_SIGNALS = {Signal.PROPAGATED: lib.IV_PROPAGATED, Signal.SYMMETRIC: lib.IV_SYMMETRIC,
            Signal.RANDOM: lib.IV_RANDOM}
_MOST_THREADS = 256     # no more are started; results do not depend on it
MULTIPLICATIONS = 8e6   # of an interval that are worth a thread: less is done before it wakes up


def useful_threads(network: UnitNetwork, learning: IntervalLearning, threads: int) -> int:
    """How many of the threads are started: fewer than given if there is too little to do."""
    into_units = (4 if network.kind == LSTM else 1) * network.units * (
        network.units + network.inputs + 1)
    work = learning.batch * learning.interval * (into_units + network.outputs * network.units)
    return min(threads, _MOST_THREADS, max(1, int(work / max(MULTIPLICATIONS, 1.0))))


def settings(network: UnitNetwork, learning: IntervalLearning, threads: int) -> Any:
    """The C structure of a machine."""
    rule, module = learning.rule, learning.module
    return ffi.new("iv_settings *", {
        "units": network.units, "inputs": network.inputs, "outputs": network.outputs,
        "words": network.words or 0, "kind": _KINDS[network.kind],
        "tanh_output": network.tanh_output, "loss": _LOSSES[network.loss], "leak": network.leak,
        "batch": learning.batch, "interval": learning.interval, "clip": learning.clip or 0.0,
        "traces": _TRACES[rule.traces], "signal": _SIGNALS[rule.signal], "whole": rule.whole,
        "threads": useful_threads(network, learning, threads),
        "optimizer": kernel_fields(learning.optimizer),
        "module_optimizer": kernel_fields(learning.module_optimizer),
        **({} if module is None else _module(module)),
    })


def _module(module: SyntheticGradients) -> dict[str, Any]:
    return {"hidden": module.hidden, "factor": module.factor, "sees_state": module.sees_state,
            "extra_pass": module.schedule == EXTRA_PASS,
            "through_network": module.through_network, "shuffled": module.shuffled}
