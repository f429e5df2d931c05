"""Numbers as cores hold them: further conversions of the host engine's fixed point, in NumPy.

The C twin is in c_models/host/fixed (types.h, build.h, optimize.h); tests hold both together.
"""

import math
from dataclasses import dataclass

import numpy as np

from pynn_eprop.fixed.formats import OPTIMIZERS
from pynn_eprop.fixed.numbers import LARGEST, to_fixed
from pynn_eprop.models.optimizers import Adam, ScheduledOptimizer

NO_TARGET = -(2 ** 31)
LIMIT = 2 ** 29
STEP_WORDS = 11
"""int32 of an ep_optimizer_step."""


def to_targets(values: object, bits: int) -> np.ndarray:
    """The same, with NaN as "no target"."""
    values = np.asarray(values, dtype=float)
    missing = np.isnan(values)
    return np.where(missing, NO_TARGET, to_fixed(np.where(missing, 0.0, values), bits)
                    ).astype(np.int32)


def to_states(values: object, bits: int) -> np.ndarray:
    """The same, within the limits of states."""
    return np.clip(to_fixed(values, bits), -LIMIT, LIMIT - 1).astype(np.int32)


def from_fixed(held: np.ndarray, bits: int) -> np.ndarray:
    """What a core's int32 stand for; "no target" is NaN."""
    return np.where(held == NO_TARGET, np.nan, np.ldexp(held.astype(float), -bits))


def to_decay(decay: object) -> np.ndarray:
    """A decay within 0 .. 1 as Q32; those of 0.5 and more come out as d - 1."""
    scaled = np.rint(np.ldexp(np.asarray(decay, dtype=float), 32))
    return np.minimum(scaled, 2.0 ** 32 - 1).astype(np.uint64).astype(np.uint32).view(np.int32) \
        if np.ndim(scaled) else np.array([min(float(scaled), 2.0 ** 32 - 1)]).astype(
            np.uint64).astype(np.uint32).view(np.int32)[0]


def _rate(rate: float) -> tuple[int, int]:
    shift = 0
    while math.ldexp(rate, 32 - shift) > 2147483000.0 and shift < 31:
        shift += 1
    return int(to_fixed(rate, 32 - shift)), shift


def _ratio_bits(beta1: float, beta2: float) -> int:
    bound = (1.0 - beta1) / math.sqrt((1.0 - beta2) * (1.0 - beta1 * beta1 / beta2)) * 1.05
    bits = 0
    while math.ldexp(1.0, bits) < bound:
        bits += 1
    return bits


@dataclass(frozen=True)
class Learner:
    """An optimiser with what its constants depend on: bounds and formats of its weights."""

    optimizer: ScheduledOptimizer
    w_min: float
    w_max: float
    master_bits: int
    gradient_bits: int

    @property
    def kind(self) -> int:
        """enum ep_optimizer_kind."""
        return OPTIMIZERS[type(self.optimizer)]

    def step(self, updates: int) -> np.ndarray:
        """The ep_optimizer_step of the update that follows ``updates`` others, int32 words."""
        optimizer, lr = self.optimizer, self.optimizer.rate(updates)
        w_min = int(to_fixed(self.w_min, self.master_bits)) if math.isfinite(self.w_min) \
            else -LARGEST
        w_max = int(to_fixed(self.w_max, self.master_bits)) if math.isfinite(self.w_max) \
            else LARGEST
        if not isinstance(optimizer, Adam):
            rate, shift = _rate(math.ldexp(lr, self.master_bits - self.gradient_bits))
            return _words(self.kind, 0, 0, rate, shift, 0, 0, 0, 0, w_min, w_max)
        first, second = optimizer.corrections(updates + 1)
        root2 = math.sqrt(second)
        small = 1.0 - optimizer.beta1
        ratio = _ratio_bits(optimizer.beta1, optimizer.beta2)
        rate, shift = _rate(math.ldexp(lr * root2 / first,
                                       self.master_bits + 3 + ratio - 32))
        idle = int(min(0.5 / small, 1e6))
        least = math.sqrt(0.5 / (1.0 - optimizer.beta2))
        floor = 0
        while floor < 3 or math.ldexp(1.0, floor + ratio) < least + idle + 1.0:
            floor += 1
        eps = math.ldexp(optimizer.eps if optimizer.eps_hat else optimizer.eps * root2,
                         self.gradient_bits)
        eps_word = 0 if eps < 0.125 else int(min(np.rint(math.ldexp(eps, 8)), 4294967295.0))
        return _words(self.kind, int(to_decay(small)), int(to_fixed(1.0 - optimizer.beta2, 32)),
                      rate, shift, eps_word, idle, floor, ratio, w_min, w_max)


def _words(*values: int) -> np.ndarray:
    return np.array([value & 0xffffffff for value in values], dtype=np.uint64).astype("<u4")
