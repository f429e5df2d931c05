"""Whether a compiled machine fits this computer: estimated before it is made, and as it grows."""

import math

from pynn_eprop.errors import SetupError
from pynn_eprop.intervals.available import available_bytes
from pynn_eprop.intervals.compiled._intervals import lib
from pynn_eprop.intervals.compiled.settings import PRECISIONS, settings
from pynn_eprop.intervals.learning import IntervalLearning
from pynn_eprop.intervals.network import LSTM, UnitNetwork
from pynn_eprop.intervals.rules import Traces

_SIZES = {"float32": 4, "float64": 8}
_MOST = 2 ** 50         # bytes that no computer has


def bytes_needed(network: UnitNetwork, learning: IntervalLearning, steps: int,
                 precision: str = "float32", threads: int = 1) -> int:
    """Bytes that a machine takes; steps: of the longest interval.

    That is ``learning.interval``, or the longest sequence with rules that take it whole.
    """
    least = _SIZES[precision] * max(
        *(math.prod(shape) for shape in network.shapes().values()),
        learning.batch * steps * network.gates * network.units, _traces(network, learning),
        0 if learning.module is None else 2 * network.units * learning.module.hidden)
    if least > _MOST:       # C counts in 64 bits
        return least
    return int(lib.iv_bytes(PRECISIONS[precision], settings(network, learning, threads), steps))


def _traces(network: UnitNetwork, learning: IntervalLearning) -> int:
    """Numbers in the tensor of eligibility traces."""
    if learning.rule.traces is not Traces.CARRIED or network.kind != LSTM:
        return 0
    return learning.batch * 3 * network.units * (network.units + network.inputs + 1)


def check_memory(network: UnitNetwork, learning: IntervalLearning, steps: int, precision: str,
                 threads: int, held: int = 0) -> None:
    """Raise :class:`SetupError` unless there is room for a machine that has ``held`` bytes."""
    needed, present = bytes_needed(network, learning, steps, precision, threads), available_bytes()
    if needed - held <= present:
        return
    remedies = ["units", "batch", "inputs", "outputs"]
    parts = ""
    if traces := _traces(network, learning):
        parts = (f", of which {_SIZES[precision] * traces / 1e9:.3g} GB are eligibility traces "
                 "(batch x 3 x units x (units + inputs + 1))")
        remedies.insert(0, "a rule without carried traces")
    if learning.rule.whole:
        remedies.insert(0, "shorter sequences or a rule in intervals")
    if learning.interval > 1:
        remedies.append("interval")
    if learning.module is not None:
        remedies.append("hidden units of the error module")
    if precision == "float64":
        remedies.append("precision='float32'")
    raise SetupError(
        f"{network.units} units with {network.inputs} inputs and {network.outputs} outputs, batch "
        f"{learning.batch}, intervals of {steps} steps, need {needed / 1e9:.3g} GB of memory"
        f"{parts}; {(present + held) / 1e9:.3g} GB are available. Smaller: {', '.join(remedies)}")
