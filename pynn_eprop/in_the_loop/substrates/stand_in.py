"""A stand-in for an analog chip: cells that differ, coarse weights, few and noisy samples."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar

import numpy as np

from pynn_eprop.errors import SetupError
from pynn_eprop.in_the_loop.measured import Measured, Samples
from pynn_eprop.in_the_loop.substrate import ChipNetwork, Dynamics, Limits, Substrate
from pynn_eprop.in_the_loop.substrates.model import Model, is_number
from pynn_eprop.models.activity import Spikes
from pynn_eprop.models.cells import Population, SpikingCells

_CHIP, _TRIAL = 0, 1        # of seeds: what stays, and what each trial draws


@dataclass
class StandIn(Substrate):
    """A chip made of a :class:`Model`. All that is drawn follows from ``seed``.

    Parameters
    ----------
    mismatch: standard deviation, relative, of each cell's membrane time constant, threshold and
        synaptic gain, drawn once
    mismatch_tau, mismatch_threshold, mismatch_gain: of one of the three; None: ``mismatch``
    trial_variation: likewise of threshold and gain, drawn for each trial
    weight_levels: n, for weights of whole numbers -n..n; None: any weight
    cells, fan_in: cells there are, and rows of synapses onto one, of which a synapse needs two, as
        on BrainScaleS-2; None: as many as needed
    holds, tau_syn: see :class:`Dynamics`
    sample_period: ms between two samples of v
    sample_jitter: ms, standard deviation of the time of a sample
    samples: at most so many in a trial; None: no limit
    lsb: digits between the resting potential and the threshold; None: samples are exact
    sample_noise: digits, standard deviation of each sample's noise
    sample_gain, sample_offset: standard deviations of each cell's gain, relative, and offset, in
        digits, drawn once
    seed: of all of this

    Samples are digits of 8 bits, with the resting potential at 80. Raises :class:`SetupError` for
    values that are out of range.
    """

    mismatch: float = 0.0
    mismatch_tau: float | None = None
    mismatch_threshold: float | None = None
    mismatch_gain: float | None = None
    trial_variation: float = 0.0
    weight_levels: int | None = 63
    cells: int | None = 512
    fan_in: int | None = 256
    holds: bool = True
    tau_syn: float = 0.0
    sample_period: float = 2.0
    sample_jitter: float = 0.0
    samples: int | None = None
    lsb: float | None = 45.0
    sample_noise: float = 2.0
    sample_gain: float = 0.0
    sample_offset: float = 0.0
    seed: int = 1
    _model: Model = field(init=False, repr=False)

    name: ClassVar[str] = "stand-in"

    REST: ClassVar[float] = 80.0

    def __post_init__(self) -> None:
        for name in ("mismatch", "mismatch_tau", "mismatch_threshold", "mismatch_gain",
                     "trial_variation", "sample_jitter", "sample_noise", "sample_gain",
                     "sample_offset"):
            value = getattr(self, name)
            if value is not None and not (is_number(value) and 0.0 <= value < np.inf):
                raise SetupError(f"StandIn: {name}={value!r} must be a number >= 0")
        for name in ("sample_period", "lsb"):
            value = getattr(self, name)
            if not (name == "lsb" and value is None) \
                    and not (is_number(value) and 0.0 < value < np.inf):
                raise SetupError(f"StandIn: {name}={value!r} must be a number > 0")
        for name in ("weight_levels", "cells", "fan_in", "samples"):
            value = getattr(self, name)
            if value is not None and not (is_number(value) and value >= 1 and value % 1 == 0):
                raise SetupError(f"StandIn: {name}={value!r} must be a whole number >= 1, or None")
            setattr(self, name, None if value is None else int(value))
        self._model = Model(self.holds, self.tau_syn)
        self.limits = Limits(self.cells, fan_in=self.fan_in, rows_per_synapse=2,
                             weight_levels=self.weight_levels, sample_period=self.sample_period,
                             samples=self.samples)
        exact = self.lsb is None and not self.sample_jitter
        self.dynamics = Dynamics(self.holds, self.tau_syn, before_reset=exact)

    @property
    def kinds(self) -> tuple[type[SpikingCells], ...]:
        """The kinds of cell that a script may use."""
        return self._model.kinds

    def configure(self, chip: ChipNetwork) -> None:
        """Draw the cells of the chip."""
        self._network = chip.network
        cells = chip.network.of_kind(SpikingCells)
        self._varied: dict[int, SpikingCells] = {}
        self._gain: dict[int, np.ndarray] = {}
        self._of_samples: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        for index, each in cells.items():
            # by its place in the whole network: others may come to the chip later
            draws = np.random.default_rng([self.seed, _CHIP, chip.populations[index]])
            tau, threshold, gain = (self._factors(draws, deviation, each.size) for deviation in (
                self.mismatch_tau, self.mismatch_threshold, self.mismatch_gain))
            self._varied[index] = _scaled(each, tau_m=tau, v_thresh=threshold)
            self._gain[index] = gain
            self._of_samples[index] = (1.0 + self.sample_gain * draws.standard_normal(each.size),
                                       self.sample_offset * draws.standard_normal(each.size))
        populations: list[Population] = list(chip.network.populations)
        for index, varied in self._varied.items():
            populations[index] = varied
        self._model.configure(replace(chip, network=replace(chip.network,
                                                            populations=tuple(populations))))
        self._weights: dict[int, np.ndarray] = {
            index: np.asarray(projection.weight, dtype=float)
            for index, projection in enumerate(chip.network.projections)}
        self._send(self._weights, self._gain)

    def _factors(self, draws: np.random.Generator, deviation: float | None, size: int
                 ) -> np.ndarray:
        """Factors of mean 1, at least a tenth."""
        wanted = self.mismatch if deviation is None else deviation
        return np.maximum(1.0 + wanted * draws.standard_normal(size), 0.1)

    def set_weights(self, weights: Mapping[int, np.ndarray]) -> None:
        """Take the weights of projections."""
        self._weights |= {index: np.asarray(weight, dtype=float)
                          for index, weight in weights.items()}
        self._send(weights, self._gain)

    def _send(self, weights: Mapping[int, np.ndarray], gain: Mapping[int, np.ndarray]) -> None:
        projections = self._network.projections
        self._model.set_weights({
            index: weight * gain[projections[index].post][projections[index].post_index]
            for index, weight in weights.items()})

    def trial(self, spikes: Mapping[int, Spikes], steps: int, number: int, sampled: bool
              ) -> Measured:
        """Run one trial."""
        draws = np.random.default_rng([self.seed, _TRIAL, number])
        if self.trial_variation:
            self._vary(draws)
        measured = self._model.trial(spikes, steps, number, sampled)
        if not sampled:
            return measured
        dt = self._network.settings.timestep
        times = np.arange(1, int(steps * dt / self.sample_period + 1e-9) + 1) * self.sample_period
        times = times[:self.samples]
        if self.sample_jitter:
            moved = times + self.sample_jitter * draws.standard_normal(len(times))
            times = np.sort(np.clip(moved, 0.0, steps * dt))
        return Measured(measured.spikes, {
            index: self._digits(index, times, measured.samples[index], measured.spikes[index],
                                steps, draws) for index in measured.samples})

    def _vary(self, draws: np.random.Generator) -> None:
        """Thresholds and gains of this trial."""
        network, gains = self._network, {}
        populations: list[Population] = list(network.populations)
        for index, varied in self._varied.items():
            threshold, gain = (np.maximum(
                1.0 + self.trial_variation * draws.standard_normal(varied.size), 0.1)
                for _ in range(2))
            populations[index] = _scaled(varied, v_thresh=threshold)
            gains[index] = self._gain[index] * gain
        self._model.set_cells(tuple(populations))
        self._send(self._weights, gains)

    def _digits(self, index: int, times: np.ndarray, exact: Samples,
                spikes: tuple[np.ndarray, np.ndarray], steps: int, draws: np.random.Generator
                ) -> Samples:
        """Samples at times, as a converter gives them."""
        dt = self._network.settings.timestep
        nominal = self._network.populations[index]
        assert isinstance(nominal, SpikingCells)
        v = np.vstack([np.zeros(nominal.size), exact.v])
        if self.lsb is not None:        # the converter sees v as the reset left it
            when = np.rint(spikes[0] / dt).astype(int)
            v[when, spikes[1]] = 0.0 if self.holds \
                else v[when, spikes[1]] - _thresholds(self._varied[index])[spikes[1]]
        grid = np.arange(steps + 1) * dt
        on_grid = np.rint(times / dt).astype(int)
        seen = v[on_grid] if np.allclose(on_grid * dt, times, rtol=0, atol=1e-9) else np.stack(
            [np.interp(times, grid, v[:, cell]) for cell in range(nominal.size)], axis=1)
        if self.lsb is None:
            return Samples(times, seen)
        unit = _thresholds(nominal) / self.lsb
        gain, offset = self._of_samples[index]
        digits = self.REST + seen / unit * gain + offset \
            + self.sample_noise * draws.standard_normal(seen.shape)
        return Samples(times, (np.clip(np.rint(digits), 0, 255) - self.REST) * unit)

    def describe(self) -> dict[str, object]:
        """Its parameters."""
        return {"substrate": self.name, **{
            entry.name: getattr(self, entry.name) for entry in fields(self)
            if not entry.name.startswith("_")}}


def _scaled(cells: SpikingCells, **factors: np.ndarray) -> SpikingCells:
    """Cells with some parameters multiplied by factors, (size,) each."""
    changed: dict[str, Any] = {name: np.asarray(getattr(cells, name)) * factor
                               for name, factor in factors.items()}
    return replace(cells, **changed)


def _thresholds(cells: SpikingCells) -> np.ndarray:
    """v_thresh of each cell, (size,)."""
    return np.broadcast_to(np.asarray(vars(cells)["v_thresh"], float), (cells.size,))
