"""Instructions of the kernels on the emulated core, per element; writes the committed table.

Run: python -m tests.fixed.instructions
"""

import csv
from pathlib import Path

import numpy as np

from evidence.shared.arm_constants import adam_constants, cell_constants, clopath_constants, decay
from evidence.shared.arm_core import Core, both, compiler
from pynn_eprop.models.optimizers import SGD, Adam
from pynn_eprop.models.rules import ClopathRule
from tests.descriptions import alif, lif

TABLE = Path(__file__).with_name("instructions.csv")
N = 40  # cells of a core in the paper's pattern generation network


def measure() -> dict[str, tuple[int, int]]:
    """Name of each count -> (instructions of the call, elements)."""
    core, rng, found = Core().counting(), np.random.default_rng(1), {}

    def count(what: str, elements: int, name: str, arguments: list, on_core: str | None = None,
              answers: bool = True) -> None:
        both(core, name, arguments, on_core, answers)
        found[what] = (core.instructions, elements)

    def state(scale: float, size: int = N) -> np.ndarray:
        return (rng.normal(0, scale, size) * 2 ** 15).astype(np.int32)

    def signal(size: int = N) -> np.ndarray:
        return (rng.normal(0, 4, size) * 2 ** 19).astype(np.int32)

    options = {"tau_m": 20.0, "v_thresh": 0.61, "refractory_steps": 5}
    status = np.where(rng.random(N) < 0.05, -2 ** 31 + 5, 0).astype(np.int32)
    h, spikes = np.zeros(N, np.uint16), np.zeros(2, np.uint32)
    step, backward, _ = cell_constants(lif(1, **options))
    count("LIF step, per cell", N, "kernel_lif_step",
          [N, step, np.stack([state(0.4), status], 1).copy(), state(0.2), h, spikes])
    slopes = h.copy()
    step, backward_alif, _ = cell_constants(alif(1, beta=1.8, tau_a=200.0, **options))
    count("adaptive LIF step, per cell", N, "kernel_alif_step",
          [N, step, np.stack([state(0.4), status, (rng.random(N) * 2 ** 19).astype(np.int32)],
                             1).copy(), state(0.2), h, spikes])
    row = rng.integers(-2 ** 15, 2 ** 15, N).astype(np.int16)
    count("dense row, per synapse", N, "kernel_row", [N, row, 4, state(1)], answers=False)
    count("dense row in assembly, per synapse", N, "kernel_row", [N, row, 4, state(1)],
          "assembly_row", False)
    synapse = rng.permutation(N).astype(np.uint32) << 16 | row.view(np.uint16)
    count("sparse row, per synapse", N, "kernel_sparse_row", [N, synapse, 4, state(1)],
          answers=False)
    count("sparse row in assembly, per synapse", N, "kernel_sparse_row",
          [N, synapse, 4, state(1)], "assembly_sparse_row", False)
    for readouts in (1, 2, 3, 20, 61):
        count(f"learning signal of {readouts} readouts, per cell", N, "kernel_filter_signal",
              [N, readouts, decay(1, 20), signal(N * readouts), signal(readouts), signal()])
    filters = np.stack([signal(), signal(), signal() // 4], axis=1).copy()
    count("backward filter LIF, per cell and step", N, "kernel_filter_lif",
          [N, backward, slopes, signal(), filters.copy()])
    count("backward filter adaptive LIF, per cell and step", N, "kernel_filter_alif",
          [N, backward_alif, slopes, signal(), filters.copy()])
    count("gradient row, per synapse and spike", N, "kernel_filter_row", [N, signal(), signal()],
          answers=False)
    F = np.tile(signal(), 200)
    for spikes in (1, 2, 10, 70):
        places = (rng.integers(0, 200, spikes) * N).astype(np.uint16)
        for name, on_core in (("", None), (" in assembly", "assembly_gather_rows")):
            count(f"gradient of a source with {spikes} spikes{name}, per synapse and spike",
                  N * spikes, "kernel_gather_rows", [N, spikes, places, F, np.zeros(N, np.int64)],
                  on_core, False)
    m, v, master = np.zeros(N, np.int32), np.zeros(N, np.uint64), state(2 ** 12)
    for update in range(5):
        count("Adam, per synapse", N, "kernel_adam",
              [N, adam_constants(Adam(lr=0.003), update, 31, 19), signal(), m, v, master,
               np.zeros(N, np.int16)])
    count("Adam with an eps that matters, per synapse", N, "kernel_adam",
          [N, adam_constants(Adam(lr=0.003, eps=1e-4), 5, 31, 19), signal(), m, v, master,
           np.zeros(N, np.int16)])
    sgd = adam_constants(Adam(lr=SGD().lr), 0, 31, 19)
    sgd[3:5] = 2 ** 30, 4
    count("SGD, per synapse", N, "kernel_sgd", [N, sgd, signal(), master, np.zeros(N, np.int16)])
    for classes in (2, 3, 10, 61):
        count(f"step of {classes} readouts, each", classes, "kernel_readout_step",
              [classes, decay(1, 20), state(1, classes), state(1, classes), state(1, classes)])
        target = np.zeros(classes, np.int32)
        target[0] = 2 ** 15
        count(f"softmax and error over {classes} classes, in all", 1,
              "kernel_cross_entropy_error", [classes, state(1, classes), target,
                                             np.zeros(classes, np.int32)], answers=False)
    rule = clopath_constants(ClopathRule(), 0.61, 13, 0)
    cells = np.stack([state(0.4), status], 1).copy()
    factors = np.zeros(N, np.uint16)
    count("cells that Clopath's rule is open to, per cell", N, "kernel_clopath_open",
          [N, 1, status, factors], answers=False)
    factors[:] = 1
    count("factor of Clopath's rule, per cell", N, "kernel_clopath_factor",
          [N, 2, rule, cells, state(0.4), factors])
    count("backward filter of Clopath's rule, per cell and step", N, "kernel_filter_clopath",
          [N, backward, rule, factors, signal(), filters.copy()])
    count("row times a value, per synapse", N, "kernel_value_row",
          [N, -1234, row, np.zeros(N, np.int64)], answers=False)
    count("end of a frame, per cell", N, "kernel_close_frame",
          [N, 24, rng.integers(-2 ** 40, 2 ** 40, N), np.zeros(N, np.int32)], answers=False)
    count("gradient of a value, per synapse and frame", N, "kernel_products",
          [N, -1234, signal(), np.zeros(N, np.int64)], answers=False)
    assert core.unaligned == []
    return found


def write() -> None:
    """Write the table."""
    with TABLE.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["kernel", "instructions", "elements", "per element"])
        writer.writerow([f"arm-none-eabi-gcc {compiler()}", "", "", ""])
        for what, (instructions, elements) in measure().items():
            writer.writerow([what, instructions, elements, f"{instructions / elements:.2f}"])


if __name__ == "__main__":
    write()
