"""Data that sPyNNaker recorded in machine time, brought to script time."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import neo
import numpy as np
import quantities as pq

from pynn_eprop.spinnaker.clock import Clock


@dataclass(frozen=True)
class Passage:
    """What was run between two resets: its schedule, and the script step at which it ended."""

    clock: Clock
    step: int


def to_script_time(block: neo.Block, passages: Sequence[Passage], timestep: float) -> neo.Block:
    """The same block with spikes and samples of pauses left out, the others moved.

    ``passages``: one for each reset, and the last.
    """
    made = neo.Block(name=block.name, description=block.description)
    made.annotate(**block.annotations)
    for old in block.segments:
        passage = passages[int(re.sub(r"\D", "", old.name) or 0)]
        segment = neo.Segment(name=old.name, description=old.description,
                              rec_datetime=old.rec_datetime)
        segment.annotate(**old.annotations)
        for train in old.spiketrains:
            segment.spiketrains.append(_train(train, passage, timestep))
        for signal in old.analogsignals:
            segment.analogsignals.append(_signal(signal, passage, timestep))
        made.segments.append(segment)
    return made


def _steps(times: np.ndarray, timestep: float) -> np.ndarray:
    return np.rint(np.asarray(times) / timestep).astype(np.int64)


def _train(train: neo.SpikeTrain, passage: Passage, timestep: float) -> neo.SpikeTrain:
    script = _mapped(passage, _steps(train.rescale("ms").magnitude, timestep))
    start = float(train.t_start.rescale("ms").magnitude)
    return neo.SpikeTrain(
        np.round(script[script >= 0] * timestep, 9), units="ms", t_start=start,
        t_stop=max(passage.step * timestep, start), name=train.name, **train.annotations)


def _mapped(passage: Passage, machine: np.ndarray) -> np.ndarray:
    """Script steps; -1 for pauses, and for what lies ahead of script time."""
    found = [passage.clock.script_step(int(each)) for each in machine]
    return np.array([-1 if each is None or each > passage.step else each for each in found],
                    dtype=np.int64)


def _signal(signal: neo.AnalogSignal, passage: Passage, timestep: float) -> neo.AnalogSignal:
    period = int(_steps(signal.sampling_period.rescale("ms").magnitude, timestep))
    first = int(_steps(signal.t_start.rescale("ms").magnitude, timestep))
    script = _mapped(passage, first + period * np.arange(len(signal)))
    kept = script >= 0
    return neo.AnalogSignal(
        signal.magnitude[kept], units=signal.units, t_start=signal.t_start,
        sampling_period=period * timestep * pq.ms, name=signal.name,
        array_annotations=signal.array_annotations, **signal.annotations)
