"""What can run one trial of a network: a chip, a stand-in for one, any PyNN backend."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pynn_eprop.errors import EPropError, ParameterError, SimulationError, UnsupportedError
from pynn_eprop.in_the_loop.measured import Measured
from pynn_eprop.models.activity import Spikes
from pynn_eprop.models.cells import CurrLIFCells, LIFCells, SpikingCells
from pynn_eprop.models.network import Network


@dataclass(frozen=True)
class Limits:
    """What a substrate can hold; None: no limit of this sort.

    cells: spiking cells. sources: spike sources. fan_in: rows of synapses onto one cell.
    rows_per_synapse: those that a synapse needs whose weight may have either sign. weight_levels: n
    if weights are whole numbers -n..n. delays: whether there are delays of more than a time step.
    sample_period: shortest time between two samples of a potential, in ms. samples: of a cell in
    one trial.

    Raises :class:`ParameterError` for numbers that cannot be limits.
    """

    cells: int | None = None
    sources: int | None = None
    fan_in: int | None = None
    rows_per_synapse: int = 1
    weight_levels: int | None = None
    delays: bool = True
    sample_period: float = 0.0
    samples: int | None = None

    def __post_init__(self) -> None:
        for name, least in (("cells", 0), ("sources", 0), ("fan_in", 0), ("rows_per_synapse", 1),
                            ("weight_levels", 1), ("samples", 0)):
            value = getattr(self, name)
            if not (value is None and name != "rows_per_synapse") \
                    and not (isinstance(value, (int, np.integer)) and value >= least):
                raise ParameterError(f"Limits: {name}={value!r} must be a whole number >= {least}")


@dataclass(frozen=True)
class Dynamics:
    """How cells of a substrate are reset, and what is seen of it.

    holds: a spike sets v to the resting potential and holds it there while the cell is refractory,
    instead of subtracting the threshold once. tau_syn: time constant of synaptic currents in ms, 0
    if spikes move v at once. before_reset: whether a sample at the step of a spike is v as it
    crossed the threshold. overshoots: whether v goes beyond the threshold in that step, as in a
    simulation with the network's time step.
    """

    holds: bool = True
    tau_syn: float = 0.0
    before_reset: bool = False
    overshoots: bool = False


@dataclass(frozen=True)
class ChipNetwork:
    """The part of a network that a substrate runs: sources and cells, without readouts.

    network: of these alone; nothing in it learns. populations, projections: the place of each in
    the whole network. scales: by population of ``network``, the weight of one level, for
    substrates with levels.
    """

    network: Network
    populations: tuple[int, ...]
    projections: tuple[int, ...]
    scales: Mapping[int, float]


class Substrate(ABC):
    """Runs trials. A kind of one's own has these methods, and ``limits`` and ``dynamics``.

    Populations and projections are counted as in ``ChipNetwork.network``. Weights and potentials
    are dimensionless, as parameters of e-prop cells are: a threshold of ``v_thresh``, a resting
    potential of 0.

    configured: the network that it was last prepared for, of the machine that has it. Errors that
    its methods raise and that are not of this package become :class:`SimulationError`.
    """

    name: ClassVar[str] = "substrate"
    configured: ChipNetwork | None = None
    limits: Limits = Limits()
    dynamics: Dynamics = Dynamics()

    def cells_on_chip(self, cells: SpikingCells) -> SpikingCells:
        """The cells that stand on the substrate for cells of a script.

        LIF cells become those that are reset and held, if the substrate's are. Raises
        :class:`UnsupportedError` for kinds that it does not have.
        """
        if not self.dynamics.holds:
            if type(cells) in self.kinds:
                return cells
        elif type(cells) is LIFCells:
            return held(cells, self.dynamics.tau_syn)
        elif type(cells) is CurrLIFCells:
            return cells
        raise UnsupportedError(f"{cells.label}: {cells.name} cells cannot run on {self.name}; "
                               f"choose one of {sorted(kind.name for kind in self.kinds)}")

    def level_weight(self, cells: SpikingCells) -> float | None:
        """The weight of one level of synapses onto cells, if it was measured; None: choose it."""
        return None

    @property
    def kinds(self) -> tuple[type[SpikingCells], ...]:
        """The kinds of cell that a script may use."""
        return (LIFCells, CurrLIFCells)

    @abstractmethod
    def configure(self, chip: ChipNetwork) -> None:
        """Prepare for a network, or for new parameters of its populations."""

    @abstractmethod
    def set_weights(self, weights: Mapping[int, np.ndarray]) -> None:
        """Take the weights of projections, (synapses,) each; multiples of the scale with levels."""

    @abstractmethod
    def trial(self, spikes: Mapping[int, Spikes], steps: int, number: int, sampled: bool
              ) -> Measured:
        """Run one trial from rest.

        spikes: of the sources, (steps, cells) with steps of 0 ... steps - 1. number: of trials that
        were run before, which is all that noise may depend on. sampled: whether potentials are
        wanted. Raises :class:`SimulationError` if it could not be run.
        """

    def describe(self) -> dict[str, object]:
        """What it is: names and numbers. A checkpoint continues only where they are the same."""
        return {"substrate": self.name}

    def close(self) -> None:  # noqa: B027 (most have nothing to give back)
        """Give back what it holds."""


@contextmanager
def calling(substrate: Substrate, what: str) -> Iterator[None]:
    """A context whose errors name the substrate and what was asked of it.

    Raises :class:`SimulationError`, with the original as its cause, for those of others.
    """
    try:
        yield
    except EPropError:
        raise
    except Exception as error:
        # contextlib lets a StopIteration pass if it is the cause of a RuntimeError
        cause = RuntimeError(repr(error)) if isinstance(error, StopIteration) else error
        raise SimulationError(f"{substrate.name}: {what} failed: {type(error).__name__}: {error}"
                              ) from cause


def held(cells: LIFCells, tau_syn: float) -> CurrLIFCells:
    """LIF cells as those of which a spike sets v to the resting potential and holds it there."""
    zero = np.zeros(cells.size)
    return CurrLIFCells(
        cells.label, cells.size, tau_m=cells.tau_m, tau_syn=np.full(cells.size, tau_syn),
        v_thresh=cells.v_thresh, v_reset=zero, v_initial=cells.v_initial, isyn_initial=zero,
        held_initial=zero, refractory_steps=cells.refractory_steps, f_target=cells.f_target,
        c_reg=cells.c_reg, pseudo_derivative=cells.pseudo_derivative, backwards=cells.backwards)
