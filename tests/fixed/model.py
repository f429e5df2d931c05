"""The kernels once more, in Python integers: no word size, every rounding and limit written out."""

from collections.abc import Callable, Sequence

LIMIT, GRADIENT_LIMIT = 2 ** 29, 2 ** 30 - 1


def rounded(product: int) -> int:
    """product / 2^32, to the nearest, halves up."""
    return (product + 2 ** 31) >> 32


def decayed(x: int, factor: int) -> int:
    """x d for a decay stored as d, or as d - 1 if that is negative (not rounded alone)."""
    return x * factor + (x << 32 if factor < 0 else 0)


def limited(x: int, low: int, high: int) -> int:
    """x within low .. high."""
    return min(max(x, low), high)


def stored(x: int, limit: int = LIMIT) -> int:
    """x as a state or a signal is stored: within its limits."""
    return limited(x, -limit, limit - 1)


def cell_step(cells: Sequence[int], v: int, status: int, a: int, arrivals: int,
              adaptive: bool) -> tuple[int, int, int, int, bool]:
    """v, status, a, h and whether the cell spikes (eq. 20-26)."""
    alpha, v_thresh, width, slope, refractory, rho, beta = map(int, cells)
    fired, left = status < 0, status & (2 ** 31 - 1)
    v = rounded(decayed(v, alpha)) + arrivals - (v_thresh if fired else 0)
    a = rounded(decayed(a, rho)) + (2 ** 19 if fired else 0) if adaptive else 0
    distance = v - (rounded((v_thresh << 32) + a * beta) if adaptive else v_thresh)
    spike, h = False, 0
    if left:
        left -= 1
    else:
        if distance >= 0:
            spike, left = True, refractory
        h = rounded(max(0, width - abs(distance)) * slope)
    return stored(v), left - (2 ** 31 if spike else 0), stored(a), h, spike


def filter_signal(G: int, kappa: int, feedback: Sequence[int], error: Sequence[int]) -> int:
    """G^t, the feedback of all readouts and the decay rounded together."""
    total = decayed(G, kappa) + sum(b * e for b, e in zip(feedback, error, strict=True))
    return stored(rounded(total))


def filter_error(g: int, kappa: int, error: int) -> int:
    """The filtered error of a readout, err + kappa g."""
    return stored(error + rounded(decayed(g, kappa)))


def filter_lif(constants: Sequence[int], h: int, G: int, C: int, F: int) -> int:
    """F^{t-1} of a LIF cell."""
    alpha, h_shift = int(constants[0]), int(constants[4])
    c = rounded((h << h_shift) * (G + C))
    return stored(c + rounded(decayed(F, alpha)))


def filter_alif(constants: Sequence[int], h: int, G: int, C: int, F: int, mu: int
                ) -> tuple[int, int]:
    """F^{t-1} and lambda^t / beta of an adaptive cell."""
    alpha, rho, beta, beta_shift, h_shift = map(int, constants)
    x = G + C + rounded((mu << beta_shift) * beta)
    c = rounded((h << h_shift) * x)
    return (stored(c + rounded(decayed(F, alpha))),
            stored(rounded(decayed(mu, rho)) - c, LIMIT >> beta_shift))


def clopath_factor(rule: Sequence[int], v: int, v_hat: int, able: bool) -> tuple[int, int, bool]:
    """vhat and P of a cell (eq. 57), and whether P saturated."""
    decay, v_plus, v_minus, shift, slow_shift, _, while_refractory = map(int, rule)
    v_hat = v + rounded(decayed(v_hat - v, decay))
    above = limited(v - v_plus, 0, (2 ** 31 - 1) >> shift)
    slow = limited(v_hat - v_minus, 0, (2 ** 31 - 1) >> slow_shift)
    P = rounded((above << shift) * (slow << slow_shift)) if able or while_refractory else 0
    return v_hat, min(P, 2 ** 16 - 1), P >= 2 ** 16


def filter_clopath(alpha: int, product_shift: int, P: int, G: int, C: int, F: int) -> int:
    """F^{t-1} of a cell with Clopath's rule."""
    c = limited((P * (G + C) + 2 ** (product_shift - 1)) >> product_shift, -2 ** 30, 2 ** 30 - 1)
    return stored(c + rounded(decayed(F, alpha)))


def moments(step: Sequence[int], g: int, m: int, v: int) -> tuple[int, int]:
    """Adam's next moments."""
    m += rounded(decayed(g - m, int(step[1])))
    change = g * g - v
    low, high = change & (2 ** 32 - 1), change >> 32
    return m, v + high * int(step[2]) + rounded(low * int(step[2]))


def sgd(step: Sequence[int], g: int, master: int) -> int:
    """The next master weight of gradient descent."""
    change = rounded(g * int(step[3])) << int(step[4])
    return limited(master - change, -2 ** 31, 2 ** 31 - 1)


def wire(master: int) -> int:
    """The 16-bit weight of a master weight."""
    return limited((master + 2 ** 15) >> 16, -2 ** 15, 2 ** 15 - 1)


def exact_sum(values: Sequence[int], limit: int, combine: Callable[[Sequence[int]], int] = sum
              ) -> int:
    """A sum that saturates once."""
    return limited(combine(values), -limit, limit)
