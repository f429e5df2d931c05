"""Recorded data as Neo objects, with the annotations that PyNN gives."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import neo
import numpy as np
import quantities as pq

from pynn_eprop.common.records.logs import Log, LossLog, SampledLog, SpikeLog


class SegmentMaker:
    """Makes the segments of one population's recordings.

    ``first_id``: PyNN's identifier of cell 0, which annotations count from. ``units``: by variable.
    """

    def __init__(self, label: str, description: str, first_id: int, units: Mapping[str, str],
                 timestep: float) -> None:
        self._label = label
        self._description = description
        self._first_id = first_id
        self._units = units
        self._timestep = timestep

    def segment(self, name: str, logs: Mapping[str, Log], start: int, stop: int,
                cells: np.ndarray | None) -> neo.Segment:
        """A segment from ``start`` to ``stop`` (steps) of the given cells (None: all)."""
        segment = neo.Segment(name=name, description=self._description,
                              rec_datetime=datetime.now())
        for log in logs.values():
            if isinstance(log, SpikeLog):
                trains = self._spiketrains(log, start, stop, cells)
                segment.spiketrains.extend(trains)
                for train in trains:
                    train.segment = segment
            else:
                signal = self._signal(log, cells)
                if signal is not None:
                    segment.analogsignals.append(signal)
                    signal.segment = segment
        return segment

    def _spiketrains(self, log: SpikeLog, start: int, stop: int,
                     cells: np.ndarray | None) -> list[neo.SpikeTrain]:
        wanted = None if cells is None else set(cells.tolist())
        t_start, t_stop = start * self._timestep, stop * self._timestep
        trains = []
        for cell, steps in zip(log.cells.tolist(), log.by_cell(), strict=True):
            if wanted is not None and cell not in wanted:
                continue
            times = np.clip(np.round(steps * self._timestep, 9), t_start, t_stop)
            trains.append(neo.SpikeTrain(
                times, t_start=t_start, t_stop=t_stop, units="ms",
                source_population=self._label, channel_id=self._first_id + cell,
                source_index=cell))
        return trains

    def _signal(self, log: SampledLog | LossLog,
                cells: np.ndarray | None) -> neo.AnalogSignal | None:
        values, channels = log.values(), log.cells
        if cells is not None and not isinstance(log, LossLog):
            chosen = np.isin(channels, cells)
            values, channels = values[:, chosen], channels[chosen]
        if not values.size:
            return None
        # copies, or a script that changes its data would change the recording
        return neo.AnalogSignal(
            np.array(values, dtype=float), units=self._units[log.variable],
            t_start=np.round(log.first * self._timestep, 9) * pq.ms,
            sampling_period=np.round(log.every * self._timestep, 9) * pq.ms,
            name=log.variable, source_population=self._label,
            channel_ids=self._first_id + channels,
            array_annotations={"channel_index": channels.copy()})


def synapse_signal(log: SampledLog, label: str, timestep: float, pre: np.ndarray,
                   post: np.ndarray) -> neo.AnalogSignal | None:
    """Samples of synapses, a channel each; None without any.

    label: of the projection. pre, post: of all its synapses, indices within its groups of cells.
    """
    values = log.values()
    if not values.size:
        return None
    return neo.AnalogSignal(
        np.array(values, dtype=float), units="dimensionless",
        t_start=np.round(log.first * timestep, 9) * pq.ms,
        sampling_period=np.round(log.every * timestep, 9) * pq.ms,
        name=log.variable, source_projection=label,
        array_annotations={"channel_index": log.cells.copy(),
                           "presynaptic_index": pre[log.cells],
                           "postsynaptic_index": post[log.cells]})


def block(label: str, description: str, segments: list[neo.Segment],
          annotations: Mapping[str, Any]) -> neo.Block:
    """A block of segments."""
    made = neo.Block(name=label, description=description)
    made.segments = segments
    for segment in segments:
        segment.block = made
    if segments:
        made.rec_datetime = segments[0].rec_datetime
    made.annotate(**annotations)
    return made
