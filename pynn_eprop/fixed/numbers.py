"""Rounding of numbers to fixed point, in NumPy, also for backends without the engine.

The constants that machines run with come from :mod:`pynn_eprop.engine.fixed_constants`.
"""

import numpy as np

STATE_BITS, ADAPTATION_BITS, BETA_BITS, BIAS_BITS = 15, 19, 28, 24
MASTER_SHIFT = 16
"""Further bits of the master weight that the optimiser changes."""
LARGEST = 2 ** 31 - 1


def to_fixed(values: object, bits: int) -> np.ndarray:
    """values 2^bits, rounded to even, within -2^31 + 1 .. 2^31 - 1; int32."""
    scaled = np.rint(np.ldexp(np.asarray(values, dtype=float), bits))
    return np.clip(scaled, -LARGEST, LARGEST).astype(np.int64).astype(np.int32)


def wire_weights(master: np.ndarray) -> np.ndarray:
    """Master weights rounded to the 16 bits that are added at arrival."""
    rounded = np.minimum(master.astype(np.int64) + 2 ** (MASTER_SHIFT - 1), LARGEST)
    return (rounded >> MASTER_SHIFT).astype(np.int16)


def as_held(values: object, bits: int) -> np.ndarray:
    """Values rounded to ``bits`` after the point, as floating-point numbers."""
    return np.ldexp(to_fixed(values, bits).astype(float), -bits)


def acting_weights(weight: object, bits: int) -> np.ndarray:
    """Weights as they act at arrival if held in 16 bits, ``bits`` of these after the point."""
    wire = wire_weights(to_fixed(weight, bits + MASTER_SHIFT))
    return np.ldexp(wire.astype(float), -bits)


def acting_biases(bias: object) -> np.ndarray:
    """Biases as they are added to y at each step."""
    shift = BIAS_BITS - STATE_BITS
    held = to_fixed(bias, BIAS_BITS).astype(np.int64)
    return np.ldexp(((held + 2 ** (shift - 1)) >> shift).astype(float), -STATE_BITS)
