"""The long comparison of the ARM core with the host: millions of kernel calls.

Run: python -m evidence.fixed_kernels; it writes docs/evidence/fixed/core_and_host.md.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from evidence.shared.arm_constants import (
    adam_constants,
    cell_constants,
    clopath_constants,
    decay,
)
from evidence.shared.arm_core import Core, both, compiler
from pynn_eprop.models.cells import ALIFCells, LIFCells
from pynn_eprop.models.optimizers import Adam
from pynn_eprop.models.pseudo_derivatives import PiecewiseLinear
from pynn_eprop.models.rules import ClopathRule

PAGE = Path(__file__).parents[1] / "docs/evidence/fixed/core_and_host.md"
N, ROUNDS = 512, 400    # elements of a call, calls of each kernel
EDGE = 2 ** 29 - 1
Calls = Iterator[tuple[str, Callable[[Core], object]]]
#: Elements of a call, of kernels that do not take N.
OF_READOUTS, ONE = "2 to 61 a call", "1 a call"
FEWER = {"readout step": OF_READOUTS, "softmax and error": OF_READOUTS,
         "loss of a softmax": OF_READOUTS, "squared error": OF_READOUTS,
         "filtered error of readouts": OF_READOUTS, "scaled error": ONE, "rate term": ONE}


def draw(rng: np.random.Generator, size: int, limit: int) -> np.ndarray:
    """Integers of all magnitudes, a tenth of them extreme."""
    values = rng.normal(0, 1, size) * 2.0 ** rng.uniform(0, np.log2(limit), size)
    values = np.clip(values, -limit, limit).astype(np.int64)
    extreme = rng.random(size) < 0.1
    values[extreme] = rng.choice([0, 1, -1, limit, -limit], extreme.sum())
    return values.astype(np.int32)


def cell(kind: type[LIFCells], **parameters: float) -> LIFCells:
    """One cell without a rate term."""
    given = {"f_target": 10.0, "c_reg": 0.0, "v_initial": 0.0, **parameters}
    return kind(size=1, label="cell", pseudo_derivative=PiecewiseLinear(),
                **{name: np.array([value]) for name, value in given.items()})


def calls(rng: np.random.Generator) -> Calls:
    """One random call of each kernel of spikes, e-prop's traces, optimisers and readouts."""
    tau, thresh = float(rng.uniform(0.5, 300)), float(rng.uniform(0.05, 5))
    options = {"tau_m": tau, "v_thresh": thresh, "refractory_steps": 5}
    status = np.where(rng.random(N) < 0.2, rng.integers(0, 5, N), 0) - np.where(
        rng.random(N) < 0.2, 2 ** 31, 0)
    status, h = status.astype(np.int32), np.zeros(N, np.uint16)
    spikes, limit = np.zeros(N // 32, np.uint32), int(rng.choice([EDGE, 2 ** 17]))
    step, backward, _ = cell_constants(cell(LIFCells, **options))
    state = np.stack([draw(rng, N, limit), status], axis=1).copy()
    yield "LIF step", lambda core: both(core, "kernel_lif_step", [
        N, step, state, draw(rng, N, 2 ** 17), h, spikes])
    step2, backward2, _ = cell_constants(cell(
        ALIFCells, beta=1.7, tau_a=10 * tau, a_initial=0.0, **options))
    state2 = np.stack([draw(rng, N, limit), status, draw(rng, N, EDGE)], axis=1).copy()
    yield "adaptive LIF step", lambda core: both(core, "kernel_alif_step", [
        N, step2, state2, draw(rng, N, 2 ** 17), h, spikes])
    row = rng.integers(-2 ** 15, 2 ** 15, N).astype(np.int16)
    factor = int(2 ** rng.integers(0, 14))
    for on_core in ("kernel_row", "assembly_row"):
        yield on_core, lambda core, name=on_core: both(
            core, "kernel_row", [N, row, factor, draw(rng, N, 2 ** 28)], name, False)
    synapse = rng.integers(0, N, N).astype(np.uint32) << 16 | row.view(np.uint16)
    for on_core in ("kernel_sparse_row", "assembly_sparse_row"):
        yield on_core, lambda core, name=on_core: both(
            core, "kernel_sparse_row", [N, synapse, 1, draw(rng, N, 2 ** 28)], name, False)
    readouts = int(rng.integers(1, 62))
    yield "learning signal", lambda core: both(core, "kernel_filter_signal", [
        N, readouts, decay(1, tau), draw(rng, N * readouts, 2 ** 29 // readouts),
        draw(rng, readouts, 2 ** 31 - 1), draw(rng, N, EDGE)])
    slopes = rng.integers(0, 9000, N).astype(np.uint16)
    for name, constants in (("lif", backward), ("alif", backward2)):
        filters = np.stack([draw(rng, N, 2 ** 28), draw(rng, N, EDGE), draw(rng, N, 2 ** 26)],
                           axis=1).copy()
        yield f"backward filter {name}", lambda core, kind=name, given=constants, at=filters: both(
            core, f"kernel_filter_{kind}", [N, given, slopes, draw(rng, N, EDGE), at])
    yield "kernel_filter_row", lambda core: both(
        core, "kernel_filter_row", [N, draw(rng, N, EDGE), draw(rng, N, EDGE)], answers=False)
    places = (rng.permutation(8)[:int(rng.integers(1, 9))] * N).astype(np.uint16)
    for on_core in ("kernel_gather_rows", "assembly_gather_rows"):
        yield on_core, lambda core, name=on_core: both(core, "kernel_gather_rows", [
            N, len(places), places, draw(rng, 8 * N, 2 ** 27),
            rng.integers(-2 ** 50, 2 ** 50, N)], name, False)
    wide = rng.integers(-2 ** 50, 2 ** 50, N)
    yield "sums go into wider ones", lambda core: both(
        core, "kernel_spill", [N, draw(rng, N, 2 ** 31 - 1), wide], answers=False)
    yield "gradients from sums", lambda core: both(core, "kernel_collect", [
        N, 2 ** 30 - 1, rng.integers(-2 ** 32, 2 ** 32, N), draw(rng, N, 2 ** 31 - 1)])
    m, v, master = np.zeros(N, np.int32), np.zeros(N, np.uint64), draw(rng, N, 2 ** 31 - 1)
    adam = Adam(lr=float(10 ** rng.uniform(-6, 0)), eps=float(rng.choice([1e-8, 1e-4])))
    size = 2.0 ** rng.uniform(0, 29)
    for update in range(4):
        gradient = np.clip(rng.normal(0, size, N), -2 ** 30 + 1, 2 ** 30 - 1).astype(np.int32)
        yield "Adam", lambda core, u=update, g=gradient: both(core, "kernel_adam", [
            N, adam_constants(adam, u, 31, 19), g, m, v, master, np.zeros(N, np.int16)])
    sgd = adam_constants(adam, 0, 31, 19)
    sgd[3:5] = int(rng.integers(0, 2 ** 31)), 2
    yield "SGD", lambda core: both(core, "kernel_sgd", [
        N, sgd, draw(rng, N, 2 ** 28), master, np.zeros(N, np.int16)])
    bounds = sgd.copy()
    bounds[9:11] = -2 ** 30, 2 ** 29
    yield "bounds of weights", lambda core: both(
        core, "kernel_clip", [N, bounds, master, np.zeros(N, np.int16)], answers=False)
    classes = int(rng.integers(2, 62))
    y = draw(rng, classes, 2 ** int(rng.integers(12, 29)))
    yield "readout step", lambda core: both(core, "kernel_readout_step", [
        classes, decay(1, tau), draw(rng, classes, 2 ** 20), draw(rng, classes, 2 ** 28),
        draw(rng, classes, EDGE)])
    target = draw(rng, classes, 2 ** 15)
    yield "softmax and error", lambda core: both(core, "kernel_cross_entropy_error", [
        classes, y, target, np.zeros(classes, np.int32)], answers=False)
    yield "loss of a softmax", lambda core: both(core, "kernel_cross_entropy_loss", [
        classes, y, target, np.zeros(1, np.int64)], answers=False)
    yield "squared error", lambda core: both(core, "kernel_squared_error", [
        classes, y, draw(rng, classes, EDGE), np.zeros(classes, np.int32)], answers=False)
    yield "filtered error of readouts", lambda core: both(core, "kernel_filter_error", [
        classes, decay(1, tau), draw(rng, classes, 2 ** 28), draw(rng, classes, EDGE)])
    counted = np.zeros(1, np.uint32)
    yield "scaled error", lambda core: both(core, "kernel_rescale", [
        draw(rng, 1, 2 ** 31 - 1)[0], rng.integers(-14, 18), 2 ** 28, counted])
    offset = int(rng.integers(-2 ** 60, 2 ** 60))
    yield "rate term", lambda core: both(core, "kernel_rate_term", [
        rng.integers(0, 60_000), draw(rng, 1, 2 ** 31 - 1)[0], offset & 0xFFFF_FFFF, offset >> 32,
        counted])


def calls_of_analog_inputs(rng: np.random.Generator) -> Calls:
    """One random call of each kernel of values that enter the cells."""
    value, sums = int(rng.integers(-2 ** 15, 2 ** 15)), rng.integers(-2 ** 50, 2 ** 50, N)
    row = rng.integers(-2 ** 15, 2 ** 15, N).astype(np.int16)
    yield "row times a value", lambda core: both(
        core, "kernel_value_row", [N, value, row, sums], answers=False)
    yield "end of a frame", lambda core: both(core, "kernel_close_frame", [
        N, rng.integers(0, 41), sums, np.zeros(N, np.int32)], answers=False)
    yield "gradient of a value", lambda core: both(core, "kernel_products", [
        N, value, draw(rng, N, EDGE), rng.integers(-2 ** 50, 2 ** 50, N)], answers=False)


def calls_of_clopath(rng: np.random.Generator) -> Calls:
    """One random call of each kernel of Clopath's rule; cells of one, two or three words."""
    stride, factor = int(rng.integers(1, 4)), np.zeros(N, np.uint16)
    cells, v_hat = draw(rng, N * stride, 2 ** 31 - 1), draw(rng, N, EDGE)
    cells[::stride][rng.random(N) < 0.5] = 0    # not refractory
    rule = ClopathRule(tau_v=float(rng.uniform(0.5, 300)), while_refractory=bool(rng.integers(2)))
    constants = clopath_constants(rule, float(rng.uniform(0.05, 5)), int(rng.integers(2, 25)), 0)
    yield "cells that Clopath's rule is open to", lambda core: both(
        core, "kernel_clopath_open", [N, stride, cells, factor], answers=False)
    v = draw(rng, N * stride, int(rng.choice([EDGE, 2 ** 17])))
    yield "factor of Clopath's rule", lambda core: both(
        core, "kernel_clopath_factor", [N, stride, constants, v, v_hat, factor])
    backward = np.array([decay(1, float(rng.uniform(0.5, 300))), 0, 0, 0, 16], np.int32)
    filters = np.stack([draw(rng, N, 2 ** 28), draw(rng, N, EDGE), draw(rng, N, EDGE)],
                       axis=1).copy()
    yield "backward filter of Clopath's rule", lambda core: both(
        core, "kernel_filter_clopath", [
            N, backward, constants, rng.integers(0, 2 ** 16, N).astype(np.uint16),
            draw(rng, N, EDGE), filters])


def all_calls(rng: np.random.Generator) -> Calls:
    """One random call of each kernel."""
    yield from calls(rng)
    yield from calls_of_analog_inputs(rng)
    yield from calls_of_clopath(rng)


def main() -> None:
    """Compare, and write the page."""
    core, rng, counts, started = Core(), np.random.default_rng(2019), Counter(), time.time()
    for _ in range(ROUNDS):
        for name, call in all_calls(rng):
            call(core)      # raises if a bit differs
            counts[name] += 1
    assert core.unaligned == []
    elements = {name: count * N for name, count in counts.items() if name not in FEWER}
    lines = ["# The emulated ARM core against the host", "",
             "Written by `python -m evidence.fixed_kernels`: random and extreme arguments, all",
             "outputs, states and counters compared bit for bit. A call handles "
             f"{N} elements,", "but for kernels of readouts and of single numbers.", "",
             f"arm-none-eabi-gcc {compiler()}, ARM926 model of Unicorn (an ARMv5TE core as the",
             "ARM968E-S is). No access was unaligned.", "",
             "| kernel | calls | elements | calls that differ |", "|---|---|---|---|"]
    lines += [f"| {name} | {count} | {FEWER.get(name) or f'{elements[name]:,}'} | 0 |"
              for name, count in counts.items()]
    total = sum(elements.values())
    lines += ["", f"{total:,} kernel elements in {time.time() - started:.0f} s, 0 differ.", ""]
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text("\n".join(lines))
    print(lines[-2])


if __name__ == "__main__":
    main()
