"""Data that sPyNNaker recorded in machine time, converted to script time."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import neo
import numpy as np
import quantities as pq

from pynn_eprop.spinnaker.running.schedule import Schedule


@dataclass(frozen=True)
class Passage:
    """The runs between two resets: their schedule, and the script step at which they ended."""

    schedule: Schedule
    step: int


def to_script_time(block: neo.Block, passages: Sequence[Passage], timestep: float,
                   forgotten: tuple[int, int] = (0, 0)) -> neo.Block:
    """A copy of a block without spikes and samples of pauses, the others moved to script time.

    ``passages``: one for each reset, and the last. ``forgotten``: the number of a passage and a
    step in it; what came before is left out.
    """
    made = neo.Block(name=block.name, description=block.description)
    made.annotate(**block.annotations)
    for old in block.segments:
        number = int(re.sub(r"\D", "", old.name) or 0)
        if number < forgotten[0]:
            continue
        passage, since = passages[number], forgotten[1] if number == forgotten[0] else 0
        segment = neo.Segment(name=old.name, description=old.description,
                              rec_datetime=old.rec_datetime)
        segment.annotate(**old.annotations)
        for train in old.spiketrains:
            segment.spiketrains.append(_train(train, passage, timestep, since))
        for signal in old.analogsignals:
            segment.analogsignals.append(_signal(signal, passage, timestep, since))
        made.segments.append(segment)
    return made


def _steps(times: np.ndarray, timestep: float) -> np.ndarray:
    return np.rint(np.asarray(times) / timestep).astype(np.int64)


def _train(train: neo.SpikeTrain, passage: Passage, timestep: float, since: int) -> neo.SpikeTrain:
    script = _mapped(passage, _steps(train.rescale("ms").magnitude, timestep))
    return neo.SpikeTrain(
        np.round(script[script >= since] * timestep, 9), units="ms", t_start=since * timestep,
        t_stop=passage.step * timestep, name=train.name, **train.annotations)


def _mapped(passage: Passage, machine: np.ndarray) -> np.ndarray:
    """Script steps; -1 for pauses, and for what lies ahead.

    sPyNNaker counts what its cells do at the time of a stop to the run that begins there, and so
    does script time, also within an interval, when the machine is further.
    """
    found = [passage.schedule.script_step(int(each)) for each in machine]
    return np.array([-1 if each is None or each >= passage.step else each for each in found],
                    dtype=np.int64)


def _signal(signal: neo.AnalogSignal, passage: Passage, timestep: float,
            since: int) -> neo.AnalogSignal:
    period = int(_steps(signal.sampling_period.rescale("ms").magnitude, timestep))
    first = int(_steps(signal.t_start.rescale("ms").magnitude, timestep))
    script = _mapped(passage, first + period * np.arange(len(signal)))
    kept = script >= since
    start = script[kept][0] if kept.any() else since
    return neo.AnalogSignal(
        signal.magnitude[kept], units=signal.units, t_start=start * timestep * pq.ms,
        sampling_period=period * timestep * pq.ms, name=signal.name,
        array_annotations=signal.array_annotations, **signal.annotations)
