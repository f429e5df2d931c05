"""Task 1.1: generate three temporal patterns of 1 s, guided by a clock (figure 1c-e)."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from pynn_eprop.errors import TaskError
from pynn_eprop.models.cells import CELLS, LIFCells, SpikingCells
from pynn_eprop.models.optimizers import Adam, StepDecay
from pynn_eprop.tasks.clock import clock_times
from pynn_eprop.tasks.feedback import Feedback
from pynn_eprop.tasks.network_plan import CellsPlan, NetworkPlan, ReadoutPlan
from pynn_eprop.tasks.paper import BELLEC_2019
from pynn_eprop.tasks.quantities import quantity, require_numbers, require_positive, require_whole
from pynn_eprop.tasks.task import LossTask
from pynn_eprop.tasks.trial_record import TrialRecord
from pynn_eprop.tasks.trials import INPUTS, READOUT, Trials
from pynn_eprop.tasks.weights import scaled_normal

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_STEPS, MOST_AMPLITUDE = 10_000_000, 1e100
_TARGET, _WEIGHTS, _FEEDBACK = range(3)
_OF_LIF, _OF_ALL = ("tau_m", "v_thresh"), ("tau_refrac", "f_target", "c_reg")   # cells' parameters


@dataclass(frozen=True)
class PatternGeneration(LossTask):
    """Parameters of the paper (methods, 'Pattern generation task 1.1').

    No literal reading of the paper's "0.5 x mse" for the firing-rate term gives its result, so
    ``c_reg`` was measured: from 0.015 to 0.04 the error is the same within noise (0.0131 to
    0.0138 over seeds 101 to 128); far below and above it is larger.

    Raises :class:`TaskError` for parameters that no network can have.
    """

    name: ClassVar[str] = "pattern-generation"
    title: ClassVar[str] = "Pattern generation (task 1.1)"
    error_name: ClassVar[str] = "nMSE"
    chance_level: ClassVar[float] = 1.0     # of silent readouts: the targets' means are 0
    paper_updates: ClassVar[int] = 1000
    paper_result: ClassVar[str] = "mse 0.011, taken to be normalised"
    reference: ClassVar[str] = BELLEC_2019

    n_neurons: int = quantity(600, "", "cells, all-to-all without self-connections")
    n_inputs: int = quantity(20, "", "clock inputs, in equal groups")
    n_groups: int = quantity(5, "", "groups of the clock, active one after the other")
    n_readouts: int = quantity(3, "", "readouts, one for each pattern")
    timestep: float = quantity(1.0, "ms", "time step")
    interval: float = quantity(1000.0, "ms", "length of a trial")
    trials_per_update: int = quantity(1, "", "trials per weight update")
    clock_period: float = quantity(10.0, "ms", "between the spikes of an active input (100 Hz)")
    clock_start: float = quantity(0.0, "ms", "first spike of an input in its part of the trial")
    tau_m: float = quantity(20.0, "ms", "membrane time constant")
    tau_refrac: float = quantity(5.0, "ms", "refractory period")
    v_thresh: float = quantity(0.61, "", "firing threshold")
    tau_out: float = quantity(20.0, "ms", "time constant of the readouts")
    f_target: float = quantity(10.0, "Hz", "target of the firing-rate term")
    c_reg: float = quantity(0.02, "", "firing-rate term: C_j = c_reg (f_j - f_target)")
    lr: float = quantity(0.003, "", "Adam's learning rate")
    lr_factor: float = quantity(0.7, "", "factor on the learning rate ...")
    lr_every: int = quantity(100, "updates", "... after every so many updates")
    frequencies: tuple[float, ...] = quantity(
        (1.0, 2.0, 3.0, 5.0), "Hz", "frequencies of the sinusoids that add up to a target")
    amplitudes: tuple[float, float] = quantity(
        (0.5, 2.0), "", "range of the amplitude of a sinusoid, uniform")
    cell: str = quantity(
        LIFCells.name, "", "cell type; one that is not LIF has its own parameters, at defaults")

    def __post_init__(self) -> None:
        require_numbers(self)
        for name in ("n_neurons", "n_inputs", "n_groups", "n_readouts", "trials_per_update"):
            require_whole(getattr(self, name), name, 1, self.name)
        self._check_cell()
        require_whole(self.n_inputs // self.n_groups, "n_inputs / n_groups", 1, self.name)
        for name in ("timestep", "interval", "clock_period"):
            require_positive(getattr(self, name), name, "ms", self.name)
        if not 2 <= self.interval / self.timestep <= MOST_STEPS:
            raise TaskError(f"{self.name}: interval={self.interval:g} ms must have 2 to "
                            f"{MOST_STEPS} steps of {self.timestep:g} ms")
        if not self.frequencies:
            raise TaskError(f"{self.name}: frequencies=() is empty; give one or more, in Hz")
        if len(self.amplitudes) != 2 or self.amplitudes[0] > self.amplitudes[1] \
                or not 0.0 < max(map(abs, self.amplitudes)) <= MOST_AMPLITUDE:
            raise TaskError(f"{self.name}: amplitudes={self.amplitudes!r} must be the least and "
                            f"the largest one, within {MOST_AMPLITUDE:g} and not both 0")
        if not 0.0 <= self.clock_start < self.interval / self.n_groups:
            raise TaskError(f"{self.name}: clock_start={self.clock_start!r} ms must lie within an "
                            f"input's part of the trial, {self.interval / self.n_groups:g} ms")

    def _check_cell(self) -> None:
        """Raise :class:`TaskError` for cells that there are not, or that lack what is set."""
        known = [name for name, kind in CELLS.items() if issubclass(kind, SpikingCells)]
        if self.cell not in known:
            raise TaskError(f"{self.name}: cell={self.cell!r} is unknown; choose one of {known}")
        for entry in dataclasses.fields(self):
            value = getattr(self, entry.name)
            if entry.name in _OF_LIF and value != entry.default and not self._is_lif:
                raise TaskError(f"{self.name}: {entry.name}={value!r} does not reach cell="
                                f"{self.cell!r}; leave it at {entry.default!r}, or choose LIF "
                                "cells")

    @property
    def _is_lif(self) -> bool:
        return issubclass(CELLS[self.cell], LIFCells)

    def with_free_steps(self, steps: int) -> Self:
        """This task with a clock that starts later."""
        return dataclasses.replace(self, clock_start=steps * self.timestep)

    @property
    def interval_steps(self) -> int:
        """Steps T of a trial."""
        return round(self.interval / self.timestep)

    def target(self, seed: int) -> np.ndarray:
        """The patterns, shape (n_readouts, T): column s - 1 is sum A sin(2 pi f (s-1) dt + phi).

        A is uniform over ``amplitudes``, phi over [0, 2 pi).
        """
        rng = self._rng(seed, _TARGET)
        shape = (self.n_readouts, len(self.frequencies), 1)
        amplitude = rng.uniform(*self.amplitudes, shape)
        phase = rng.uniform(0.0, 2.0 * np.pi, shape)
        seconds = np.arange(self.interval_steps) * self.timestep / 1000.0
        angle = 2.0 * np.pi * np.asarray(self.frequencies)[None, :, None] * seconds
        return (amplitude * np.sin(angle + phase)).sum(axis=1)

    def clock(self) -> tuple[np.ndarray, ...]:
        """Spike times (ms) in one trial of each input: group i fires in its i-th part of it."""
        return clock_times(self.interval, self.n_inputs, self.n_groups, self.clock_period,
                           self.timestep, self.clock_start)

    def network(self, seed: int, feedback: Feedback, recurrent: bool = True) -> NetworkPlan:
        """The network with its initial weights, N(0, 1) / sqrt(number of inputs).

        Without ``recurrent`` it is the paper's 'No rec. conn.' baseline.
        """
        n, n_in, n_out = self.n_neurons, self.n_inputs, self.n_readouts
        rng = self._rng(seed, _WEIGHTS)
        input_weight = scaled_normal(n_in, n, 1.0, rng)
        recurrent_weight = scaled_normal(n, n, 1.0, rng, self_connections=False)
        output_weight = scaled_normal(n, n_out, 1.0, rng)
        parameters = (*_OF_LIF, *_OF_ALL) if self._is_lif else _OF_ALL
        return NetworkPlan.one_layer(
            timestep=self.timestep, interval=self.interval,
            trials_per_update=self.trials_per_update, n_inputs=n_in,
            cells=CellsPlan("cells", self.cell, n,
                            {name: getattr(self, name) for name in parameters}),
            readout=ReadoutPlan(READOUT, n_out, {"tau_m": self.tau_out}, "mse",
                                self.target(seed)),
            input_weight=input_weight,
            recurrent_weight=recurrent_weight if recurrent else None,
            output_weight=output_weight,
            feedback=feedback,
            feedback_weight=feedback.weights(n_out, n, self._rng(seed, _FEEDBACK)),
            optimizer=Adam(lr=self.lr, schedule=StepDecay(self.lr_factor, self.lr_every)),
        )

    def training_trials(self, seed: int, first_update: int, n_updates: int) -> Trials:
        """The clock, once for each trial; it and the target are the same in every trial."""
        del seed, first_update
        n_trials = n_updates * self.trials_per_update
        starts = np.arange(n_trials) * self.interval
        times = tuple((starts[:, None] + one).ravel() for one in self.clock())
        return Trials(n_trials, {INPUTS: times})

    def draw_example(self, seed: int) -> Trials:
        """An example trial; all are the same."""
        del seed
        return Trials(1, {INPUTS: self.clock()})

    def draw_figure(self, trials: Trials, records: Mapping[int, TrialRecord],
                    results: Mapping[str, Any]) -> "Figure":
        """A figure as the paper's 1c, with the learning curve below."""
        from pynn_eprop.tasks.pattern_generation.figure import draw_pattern_generation
        return draw_pattern_generation(self, records, results)

    def normalised_error(self, y: np.ndarray, seed: int) -> float:
        """The nMSE of readouts ``y``, shape (T, n_readouts): mse / variance of the target."""
        target = self.target(seed).T
        return float(np.mean((y - target) ** 2) / target_variance(target.T))

    def error_of_loss(self, loss: np.ndarray, seed: int) -> np.ndarray:
        """The nMSE of trials with the loss E = 1/2 sum (y - y*)^2 over steps and readouts."""
        target = self.target(seed)
        return 2.0 * np.asarray(loss) / target.size / target_variance(target)

    @staticmethod
    def _rng(seed: int, stream: int) -> np.random.Generator:
        return np.random.default_rng([seed, 11, stream])


def target_variance(target: np.ndarray) -> float:
    """Variance over time of each row about its own mean, averaged over the rows."""
    return float(np.mean(np.var(target, axis=1)))
