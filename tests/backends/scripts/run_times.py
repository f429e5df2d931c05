"""Times that runs, sources, currents, recordings and callbacks are given."""

import functools
from typing import Any

import numpy as np

from tests.backends.scripts.parts import refusal, small_network


def refused_times(sim: Any, function: str, times: list[Any], intervals: bool
                  ) -> tuple[list[tuple[list[str], str]], list[float]]:
    """The errors of runs after 4 ms, and the times after each."""
    small_network(sim, intervals)
    sim.run(4.0)
    found, after = [], []
    for time in times:
        found.append(refusal(lambda time=time: getattr(sim, function)(time)))
        after.append(sim.get_current_time())
    return found, after


def refused_calls(sim: Any, calls: list[tuple[str, Any]], intervals: bool
                  ) -> tuple[list[tuple[list[str], str]], float]:
    """The errors of several functions that run, after 4 ms, and the time then."""
    small_network(sim, intervals)
    sim.run(4.0)
    found = [refusal(lambda name=name, time=time: getattr(sim, name)(time)) for name, time in calls]
    return found, sim.get_current_time()


def allowed_times(sim: Any, intervals: bool) -> list[float]:
    """Times after runs that rounding has moved a little, or that are of no length."""
    small_network(sim, intervals)
    return [float(time) for time in (
        sim.run(4.0), sim.run(-1e-12), sim.run_until(4.0 - 1e-12), sim.run(0), sim.run_until(4),
        sim.run_for(np.float32(2.0)))]


def single_steps(sim: Any, intervals: bool, timestep: float, count: int) -> tuple[float, float]:
    """The time after many runs of one step, and after a run_until() to a sum of steps."""
    small_network(sim, intervals, timestep)
    for _ in range(count):
        sim.run(timestep)
    sums = np.cumsum(np.full(count + 3, timestep))
    return float(sim.get_current_time()), float(sim.run_until(sums[-1]))


def spikes_of_times(sim: Any, times: list[float]) -> list[float]:
    """When a source spikes that was given these times."""
    sim.setup(timestep=1.0, update_interval=20.0)
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=times))
    cells = sim.Population(1, sim.EPropLIF())
    sim.Projection(source, cells, sim.AllToAllConnector(), sim.EPropSynapse(
        weight=0.1, optimizer=None))
    source.record("spikes")
    sim.run(10.0)
    return source.get_data().segments[0].spiketrains[0].magnitude.tolist()


def voltages_of_currents(sim: Any, kind: str, settings: list[dict[str, Any]]) -> list[list[float]]:
    """v of a stock cell under a current, for each of several settings of the current."""
    found = []
    for parameters in settings:
        sim.setup(timestep=1.0, min_delay=1.0)
        cell = sim.Population(1, sim.IF_curr_exp(tau_refrac=2.0))
        getattr(sim, kind)(**parameters).inject_into(cell)
        cell.record("v")
        sim.run(12.0)
        found.append(cell.get_data().segments[0].analogsignals[0].magnitude[:, 0].tolist())
    return found


def refused_current(sim: Any, kind: str, parameters: dict[str, Any]) -> tuple[list[str], str]:
    """The error of a current source."""
    sim.setup(timestep=1.0)
    return refusal(lambda: getattr(sim, kind)(**parameters))


def refused_sampling(sim: Any) -> list[tuple[list[str], str]]:
    """The errors of recording a stock cell at intervals off the grid, and of none."""
    sim.setup(timestep=1.0, min_delay=1.0)
    cell = sim.Population(1, sim.IF_curr_exp(), label="cell")
    return [refusal(lambda every=every: cell.record("v", sampling_interval=every))
            for every in (1.5, 0.0)]


class Bell:
    """A callback that answers with the next of some values, and notes when it is called."""

    def __init__(self, answers: list[Any]) -> None:
        self.answers = iter(answers)
        self.times: list[float] = []

    def __call__(self, now: float) -> Any:
        self.times.append(now)
        return next(self.answers)


def calls(sim: Any, answers: list[list[Any]], length: float, intervals: bool, timestep: float = 1.0
          ) -> tuple[list[list[float]], tuple[list[str], str], float]:
    """When callbacks were called, the error if there was one, and the time at the end."""
    small_network(sim, intervals, timestep)
    bells = [Bell(each) for each in answers]
    error = refusal(lambda: sim.run(length, callbacks=bells))
    return [bell.times for bell in bells], error, float(sim.get_current_time())


def refused_callback(sim: Any, kind: str) -> tuple[list[str], str]:
    """The error of a callback that asks for the present time, named in several ways."""
    def stuck(now: float, _more: int = 0) -> float:
        return now

    small_network(sim)
    callback = {"function": stuck, "partial": functools.partial(stuck, _more=1),
                "lambda": lambda now: now, "object": Bell([0.0])}[kind]
    return refusal(lambda: sim.run(5.0, callbacks=[callback]))
