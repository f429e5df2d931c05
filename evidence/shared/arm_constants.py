"""The integers that formats and parameters become, derived here a second time from the docs."""

import math

import numpy as np

from pynn_eprop.models.cells import ALIFCells, LIFCells
from pynn_eprop.models.optimizers import Adam
from pynn_eprop.models.rules import ClopathRule


def q(value: float, bits: int) -> int:
    """value 2^bits, rounded."""
    return round(math.ldexp(value, bits))


def signed(value: int) -> int:
    """The 32-bit integer with the same bits."""
    return (value + 2 ** 31) % 2 ** 32 - 2 ** 31


def decay(timestep: float, tau: float) -> int:
    """exp(-dt / tau) as Q32; from 0.5 on, d - 1."""
    return signed(q(math.exp(-timestep / tau), 32))


def cell_constants(cells: LIFCells, timestep: float = 1.0
                   ) -> tuple[np.ndarray, np.ndarray, int]:
    """``ep_cells`` and ``ep_filter`` of cells with common parameters, and k (bits F has less)."""
    def common(values: np.ndarray) -> float:
        return float(np.broadcast_to(values, (cells.size,))[0])

    shape, v_thresh = cells.pseudo_derivative, common(cells.v_thresh)
    k = 0
    while shape.height >= 2.0 ** (k - 1):
        k += 1
    steepness = shape.height * (1.0 / (shape.width * v_thresh))
    p = 16 - k
    while steepness * 2.0 ** (p + 17) > 2147483000:
        p -= 1
    alpha = decay(timestep, common(cells.tau_m))
    adaptive = isinstance(cells, ALIFCells)
    rho = decay(timestep, common(cells.tau_a)) if adaptive else 0
    beta = common(cells.beta) if adaptive else 0.0
    shift = 0
    while adaptive and abs(beta) * 2 ** k >= 2.0 ** (shift - 1):
        shift += 1
    step = [alpha, q(v_thresh, 15), q(shape.width * v_thresh, 15), q(steepness, p + 17),
            int(common(cells.refractory_steps)), rho, q(beta, 28)]
    backward = [alpha, rho, q(beta * 2 ** k, 32 - shift) if adaptive else 0, shift, 32 - k - p]
    return np.array(step, np.int32), np.array(backward, np.int32), k


def clopath_constants(rule: ClopathRule, v_thresh: float, bits: int, k: int) -> np.ndarray:
    """``ep_clopath`` for time steps of 1 ms, with so many bits after the point of the factor."""
    unit = q(v_thresh, 15) / 2 ** 15
    return np.array([decay(1.0, rule.tau_v), q(rule.v_plus * unit, 15), q(rule.v_minus * unit, 15),
                     (bits + 2) // 2, bits + 2 - (bits + 2) // 2, bits + k,
                     int(rule.while_refractory)], np.int32)


def adam_constants(adam: Adam, update: int, master_bits: int, gradient_bits: int) -> np.ndarray:
    """``ep_optimizer_step`` of Adam's update 0, 1, ..."""
    rate = adam.lr * adam.schedule.factor ** (update // adam.schedule.every)
    root = math.sqrt(1 - adam.beta2 ** (update + 1))
    bound = (1 - adam.beta1) / math.sqrt((1 - adam.beta2) * (1 - adam.beta1 ** 2 / adam.beta2))
    ratio_bits = max(0, math.ceil(math.log2(1.05 * bound)))
    scaled = math.ldexp(rate * root / (1 - adam.beta1 ** (update + 1)),
                        master_bits + 3 + ratio_bits)
    rate_shift = math.ceil(math.log2(scaled / 2147483000)) if scaled > 2147483000 else 0
    idle = int(0.5 / (1 - adam.beta1))
    floor = 3
    while 2 ** (floor + ratio_bits) < math.sqrt(0.5 / (1 - adam.beta2)) + idle + 1:
        floor += 1
    eps = math.ldexp(adam.eps if adam.eps_hat else adam.eps * root, gradient_bits)
    small = min(q(1 - adam.beta1, 32), 2 ** 32 - 1)     # Q32 has no 1
    return np.array([2, signed(small), q(1 - adam.beta2, 32),
                     q(scaled, -rate_shift), rate_shift, 0 if eps < 0.125 else round(eps * 256),
                     idle, floor, ratio_bits, -(2 ** 31 - 1), 2 ** 31 - 1], np.int32)
