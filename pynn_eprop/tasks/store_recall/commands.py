"""Bits and commands of trials, and the bit that each recall asks for."""

from dataclasses import dataclass

import numpy as np

from pynn_eprop.tasks.trials import Trials

NOTHING, STORE, RECALL = 0, 1, 2
INPUT_GROUPS = ("value 0", "value 1", "STORE", "RECALL")


@dataclass(frozen=True, kw_only=True)
class StoreRecallTrials(Trials):
    """Trials with the bit and command of each period.

    bit: shape (trials, periods), the value shown. command: same shape, NOTHING, STORE or RECALL.
    stored: same shape, the bit of the latest STORE, -1 before the first.
    """

    bit: np.ndarray
    command: np.ndarray
    stored: np.ndarray

    @property
    def n_recalls(self) -> int:
        """Number of recalls."""
        return int(np.count_nonzero(self.command == RECALL))


def draw_commands(shape: tuple[int, int], p_command: float,
                  rng: np.random.Generator) -> np.ndarray:
    """Commands of shape (trials, periods): each comes with ``p_command``, STORE then RECALL."""
    comes = rng.random(shape) < p_command
    odd = np.cumsum(comes, axis=1) % 2 == 1
    return np.where(comes, np.where(odd, STORE, RECALL), NOTHING)


def stored_bit(bit: np.ndarray, command: np.ndarray) -> np.ndarray:
    """The bit of the latest STORE in each period, -1 before the first; shape (trials, periods)."""
    periods = np.arange(bit.shape[1])
    latest = np.maximum.accumulate(np.where(command == STORE, periods, -1), axis=1)
    stored = np.take_along_axis(bit, np.maximum(latest, 0), axis=1)
    return np.where(latest >= 0, stored, -1)
