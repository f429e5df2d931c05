"""PyNN's functions that act on the whole network, and ours.

A backend's ``control`` module has ``setup()``, and :meth:`Control.functions` of its own.
"""

import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pyNN.common import build_state_queries, initialize
from pyNN.recording import get_io

from pynn_eprop.common.files.checkpoints import read_checkpoint, write_checkpoint
from pynn_eprop.common.script import weight_files
from pynn_eprop.common.script.run_times import Callback, end_after, end_at, run_to
from pynn_eprop.errors import ParameterError, UnsupportedError
from pynn_eprop.models.range_report import RangeReport

FUNCTIONS = (
    "end", "get_current_time", "get_max_delay", "get_min_delay", "get_time_step", "initialize",
    "load_checkpoint", "load_weights", "num_processes", "num_updates", "range_report", "rank",
    "reset", "run", "run_for", "run_until", "save_checkpoint", "save_weights", "set_learning",
    "set_trial_durations")
"""Functions of a backend's ``control`` module, beside ``setup``."""


class Control:
    """A script's functions for the network that ``simulator.state`` holds.

    ``simulator``: a backend's module of that name. Its state has ``simulation``, a
    :class:`~pynn_eprop.common.run.simulation.Simulation`.
    """

    def __init__(self, simulator: Any) -> None:
        self._simulator = simulator

    def functions(self) -> tuple[Callable[..., Any], ...]:
        """The functions named by :data:`FUNCTIONS`, in that order."""
        named = {query.__name__: query for query in build_state_queries(self._simulator)}
        named |= {"initialize": initialize, "run_for": self.run,
                  "num_processes": self.num_processes}
        return tuple(named.get(name) or getattr(self, name) for name in FUNCTIONS)

    @property
    def _simulation(self) -> Any:
        return self._simulator.state.simulation

    def num_processes(self) -> int:
        """Processes that run the script together; the number of this one is ``rank()``."""
        own = 1 if self._simulation is None else self._simulation.processes.size
        return max(int(self._simulator.state.num_processes), own)

    # --- running ---

    def run(self, simtime: float, callbacks: Iterable[Callback] | None = None) -> float:
        """Advance by ``simtime`` ms; returns the time then, in ms.

        Each of the ``callbacks`` is called with the time in ms: now, and at each time that it
        returned last, which must be later. The one whose turn is next is called at the end, too.
        Raises :class:`TimeError` for an impossible run, for one that is not a whole number of time
        steps, and for a returned time that is not later.
        """
        state = self._simulator.state
        return run_to(end_after(simtime, state), state, callbacks)

    def run_until(self, time_point: float, callbacks: Iterable[Callback] | None = None) -> float:
        """Advance to ``time_point``, in ms; otherwise as :func:`run`."""
        state = self._simulator.state
        return run_to(end_at(time_point, state), state, callbacks)

    def reset(self, annotations: Mapping[str, Any] | None = None, keep_weights: bool = False
              ) -> None:
        """Go back to time 0, in a new segment of the recorded data.

        Weights, biases and optimisers go back to their initial values, unless ``keep_weights``.
        Parameters, connections and recorded variables stay. A refused reset changes nothing.
        """
        check_switch("reset", keep_weights)
        if annotations is not None and not isinstance(annotations, Mapping):
            raise ParameterError(f"reset({annotations!r}): annotations must be a dict; to keep "
                                 "what was learned, reset(keep_weights=True)")
        if self._simulation is not None:
            self._simulation.check_reset(keep_weights)
        for recorder in self._recorders():
            recorder.store_to_cache(annotations or {})
        self._simulator.state.reset(keep_weights)

    def _recorders(self) -> tuple[Any, ...]:
        """Those of populations, and those of projections whose synapses are recorded."""
        projections = [] if self._simulation is None else self._simulation.projections
        recorders = (getattr(projection, "recorder", None) for projection in projections)
        return (*self._simulator.state.recorders, *(each for each in recorders if each is not None))

    def end(self, compatible_output: bool = True) -> None:
        """Write recorded data to files. They can still be read afterwards.

        A checkpoint that ``setup()`` asked for then holds the end of the last run.
        """
        self._keep()
        self._write()
        simulation = self._simulation
        if simulation is None:
            return
        if not simulation.timeline.starts_interval(simulation.step):
            warnings.warn(f"the run ended at {simulation.time:.9g} ms, within an interval; its "
                          "steps taught nothing", stacklevel=2)
        simulation.end()

    def _keep(self) -> None:
        self._simulator.state.keeper.flush(self._simulator.state)

    def _write(self) -> None:
        state = self._simulator.state
        for population, variables, filename in state.write_on_end:
            population.write_data(get_io(filename), variables)
        state.write_on_end = []

    # --- learning ---

    def num_updates(self) -> int:
        """Weight updates done so far."""
        return 0 if self._simulation is None else int(self._simulation.updates)

    def set_learning(self, learning: bool) -> None:
        """Switch learning on or off, from the next interval on.

        While it is off, gradients, optimisers, schedules and batches stand still. Raises
        :class:`ParameterError` unless ``learning`` is true or false.
        """
        check_switch("set_learning", learning)
        self._switch_learning(bool(learning))

    def _switch_learning(self, learning: bool) -> None:
        self._simulation.learning = learning

    def set_trial_durations(self, durations: Any, start: float | None = None) -> None:
        """Let trials (update intervals) to come be shorter: nothing happens after their durations.

        Neither cells nor readouts are advanced then; nothing spikes, there is no error, and what is
        recorded is NaN. Time goes on as if they were: the next trial begins with the next interval.
        durations: in ms, of trials one after the other, at most the update interval; others are
        whole. start: the time in ms at which the first of them begins; None: the next that begins.

        Raises :class:`UnsupportedError` on a backend without short trials, without
        ``update_interval`` and with boundary="continuous", :class:`ParameterError` for what are no
        durations, and :class:`TimeError` for a start that is not the beginning of a trial to come.
        """
        simulation = self._that_learns("set_trial_durations()")
        simulation.kinds.check_short_trials("set_trial_durations()")
        simulation.trial_lengths.give(durations, start, simulation.step)

    def range_report(self) -> RangeReport | None:
        """Resolution, limits and saturation of the fixed-point formats; ``print`` it.

        None in floating point, and before the first run.
        """
        return None if self._simulation is None else self._simulation.range_report()

    # --- files ---

    def save_weights(self, path: str | Path) -> None:
        """Write all weights, and biases that learn, to an npz file.

        Its layout: ``common.script.weight_files``.

        Weights onto the parent backend's own cells are not in it.
        """
        weight_files.save_weights(self._that_learns("save_weights()"), path)

    def load_weights(self, path: str | Path) -> None:
        """Set all weights, and biases that learn, from :func:`save_weights`.

        Raises :class:`CheckpointError` if the file belongs to other projections.
        """
        weight_files.load_weights(self._that_learns("load_weights()"), path)

    def _that_learns(self, what: str) -> Any:
        """The simulation. Raises :class:`UnsupportedError` without intervals, for ``what``."""
        if self._simulation is None:
            raise UnsupportedError(f"{what}: nothing learns here; give setup(update_interval=...)")
        return self._simulation

    def save_checkpoint(self, path: str | Path) -> None:
        """Write all that a script needs, once it has built the same network, to continue.

        Raises :class:`SimulationError` if the state cannot be read now.
        """
        write_checkpoint(path, self._simulator.state)

    def load_checkpoint(self, path: str | Path) -> None:
        """Continue from :func:`save_checkpoint` or ``setup(checkpoint=...)``.

        Call it after building the same network. Raises :class:`CheckpointError` for another
        network, another precision or gradient, or a damaged file.
        """
        read_checkpoint(path, self._simulator.state)


def check_switch(function: str, value: Any) -> None:
    """Raise :class:`ParameterError` unless a value is true or false."""
    if not isinstance(value, (bool, np.bool_)):
        raise ParameterError(f"{function}({value!r}): give True or False")


class WithoutCheckpoints(Control):
    """The functions of a backend without checkpoints. ``why_no_...``: parts of its messages."""

    why_no_saving = "this backend has no checkpoints; save_weights() keeps what was learned"
    why_no_loading = "this backend has no checkpoints; load_weights() takes what was learned"

    def _keep(self) -> None:
        pass

    def save_checkpoint(self, path: str | Path) -> None:
        """Raise :class:`UnsupportedError`."""
        raise UnsupportedError(f"save_checkpoint({str(path)!r}): {self.why_no_saving}")

    def load_checkpoint(self, path: str | Path) -> None:
        """Raise :class:`UnsupportedError`."""
        raise UnsupportedError(f"load_checkpoint({str(path)!r}): {self.why_no_loading}")
