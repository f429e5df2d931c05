"""Task 3.1 of Bellec et al. (2019): copy-repeat."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from pynn_eprop.intervals.rules import IntervalRule, Traces
from pynn_eprop.sequence_tasks.curriculum import CurriculumTask, Level, Sequences
from pynn_eprop.tasks.paper import BELLEC_2019

BITS = 8
STOP = BITS
MOST_REPETITIONS = BITS + 1     # one-hot on all inputs
PATTERN, REPETITIONS = "n_pattern", "n_repetitions"
_TRUNCATED_RATE = 3e-4


def length(n_pattern: int, n_repetitions: int) -> int:
    """Steps of a sequence: the pattern, stop, the number; then the copies, and a stop."""
    return n_pattern * (n_repetitions + 1) + 3


@dataclass(frozen=True)
class CopyRepeat(CurriculumTask):
    """Read a pattern of characters of 8 bits and a number, then write the pattern so many times.

    Inputs: the pattern on channels 1 to 8, stop on channel 9, the number of repetitions as one of
    the 9 channels, then silence. Targets, while the input is silent: the copies on outputs 1 to 8,
    then stop on output 9. The error is the cross-entropy of all outputs, in bits, summed over steps
    with a target. The pattern becomes longer when the first sequences are solved, then the number
    of repetitions, and so on in turns, up to 9 repetitions.
    """

    name: ClassVar[str] = "copy-repeat"
    title: ClassVar[str] = "Copy-repeat (task 3.1)"
    n_inputs: ClassVar[int] = BITS + 1
    n_outputs: ClassVar[int] = BITS + 1
    first_level: ClassVar[Level] = {PATTERN: 1, REPETITIONS: 1}
    input_names: ClassVar[Mapping[int, str]] = {STOP: "stop"}
    output_names: ClassVar[Mapping[int, str]] = {STOP: "stop"}
    sizes: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "full": {},
        "medium": {"n_units": 128, "sg_hidden": 256, "batch": 64, "lr": 3e-3, "tanh_output": True},
        "small": {"n_units": 64, "sg_hidden": 128, "batch": 16, "lr": 3e-3, "tanh_output": True,
                  "updates": 500_000},
    }
    paper_result: ClassVar[str] = (
        "longest sequence: truncated BPTT 15, with synthetic gradients 19, e-prop 1 28, full BPTT "
        "39, truncated BPTT with eligibility traces 41, e-prop 3 74")
    reference: ClassVar[str] = BELLEC_2019

    @classmethod
    def for_rule(cls, size: str, rule: IntervalRule) -> Mapping[str, Any]:
        """Below the paper's size truncated BPTT learns with a smaller rate."""
        without_past = rule.traces is Traces.NONE and not rule.whole
        return {"lr": _TRUNCATED_RATE} if without_past and cls.sizes[size] else {}

    def next_level(self, level: Level) -> Level | None:
        """A longer pattern and one more repetition, in turns."""
        n_pattern, n_repetitions = level[PATTERN], level[REPETITIONS]
        if n_pattern == n_repetitions:
            return {PATTERN: n_pattern + 1, REPETITIONS: n_repetitions}
        if n_repetitions < MOST_REPETITIONS:
            return {PATTERN: n_pattern, REPETITIONS: n_repetitions + 1}
        return None

    def draw(self, level: Level, count: int, rng: np.random.Generator) -> Sequences:
        """Random patterns."""
        n_pattern, n_repetitions = level[PATTERN], level[REPETITIONS]
        steps, begin = length(n_pattern, n_repetitions), n_pattern + 2
        pattern = rng.integers(0, 2, (n_pattern, count, BITS), dtype=np.int8)
        inputs, targets = np.zeros((2, steps, count, BITS + 1))
        inputs[:n_pattern, :, :BITS] = pattern
        inputs[n_pattern, :, STOP] = 1.0
        inputs[n_pattern + 1, :, n_repetitions - 1] = 1.0
        targets[begin:-1, :, :BITS] = np.tile(pattern, (n_repetitions, 1, 1))
        targets[-1, :, STOP] = 1.0
        return Sequences(inputs, targets, np.arange(steps) >= begin)
