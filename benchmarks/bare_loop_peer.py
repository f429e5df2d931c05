"""The bare loop of task 1.1: what its memory traffic and arithmetic alone take.

``bare_loop.c`` is compiled when the process starts, for this processor, with vectors of as many
bytes as the variant says.
"""

import ctypes
import os
import platform
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import networks, worker

UPDATES = 50
SOURCE = Path(__file__).with_name("bare_loop.c")
_INTEGERS = ("rows", "padded", "steps", "readouts")
_ARRAYS = ("start", "cell", "cell_start", "cell_step", "v", "G", "f", "feedback", "error", "h", "F",
           "weight", "gradient", "first", "second")


class _BareLoop(ctypes.Structure):
    """The structure of the same name in C."""

    _fields_ = [*((name, ctypes.c_int32) for name in _INTEGERS),
                *((name, ctypes.c_void_p) for name in _ARRAYS)]


def spikes(net: networks.Pattern) -> tuple[np.ndarray, np.ndarray]:
    """Steps and rows of all spikes, by step: sources as in the task, cells at their target rate."""
    rng = np.random.default_rng(networks.SEED)
    fires = rng.random((net.steps, net.cells)) < networks.F_TARGET * 1e-3
    steps, cells = np.nonzero(fires)
    sources = [(local, np.full(len(local), net.cells + source))
               for source, local in enumerate(net.source_steps())]
    steps = np.concatenate([steps, *(local for local, _ in sources)])
    cells = np.concatenate([cells, *(rows for _, rows in sources)])
    order = np.argsort(steps, kind="stable")
    return steps[order], cells[order]


def aligned(*shape: int) -> np.ndarray:
    """A float32 array on a cache line, of small random values."""
    size = int(np.prod(shape))
    memory = np.empty(size + 16, dtype=np.float32)
    begin = -memory.ctypes.data % 64 // 4
    array = memory[begin:begin + size].reshape(shape)
    array[...] = np.random.default_rng(networks.SEED).uniform(0.0, 1e-3, shape)
    return array


def arrays(net: networks.Pattern, padded: int) -> dict[str, np.ndarray]:
    """All that the structure points to."""
    rows = net.cells + net.sources
    steps, cells = spikes(net)
    by_cell = np.argsort(cells, kind="stable")
    lists = {"start": np.searchsorted(steps, np.arange(net.steps + 1)), "cell": cells,
             "cell_start": np.searchsorted(cells[by_cell], np.arange(rows + 1)),
             "cell_step": steps[by_cell]}
    return {**{name: np.ascontiguousarray(values, dtype=np.int32)
               for name, values in lists.items()},
            **{name: aligned(padded) for name in ("v", "G", "f")},
            "feedback": aligned(net.readouts, padded), "error": aligned(net.steps, net.readouts),
            **{name: aligned(net.steps, padded) for name in ("h", "F")},
            **{name: aligned(rows, padded) for name in ("weight", "gradient", "first", "second")}}


def compiled(width: int, folder: str) -> Any:
    """The C function, or None if no compiler is found or compiling fails."""
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if compiler is None:
        worker.send(missing="no C compiler")
        return None
    # what the compiler makes vectors of by itself
    wide = [f"-mprefer-vector-width={8 * width}"] if platform.machine() == "x86_64" else []
    library = str(Path(folder) / "bare_loop.so")
    done = subprocess.run(
        [compiler, "-O3", "-march=native", "-fno-math-errno", "-shared", "-fPIC", *wide,
         f"-DVECTOR_BYTES={width}", "-o", library, str(SOURCE), "-lm"],
        capture_output=True, text=True, check=False)
    if done.returncode:
        worker.send(missing=f"bare_loop.c does not compile: {done.stderr}")
        return None
    return ctypes.CDLL(library).bare_loop_run


def main() -> None:
    """One process."""
    args = worker.arguments()
    width = int(args.variant)
    if args.threads != 1:
        worker.send(missing="it has one thread")
        return
    net = networks.workload(args.workload, args.cells)
    assert isinstance(net, networks.Pattern)
    begin = time.perf_counter()
    padded = -(-net.cells // width) * width     # four vectors of so many bytes
    memory = arrays(net, padded)
    with tempfile.TemporaryDirectory() as folder:
        run = compiled(width, folder)
    if run is None:
        return
    loop = _BareLoop(net.cells + net.sources, padded, net.steps, net.readouts,
                     *(memory[name].ctypes.data for name in _ARRAYS))
    run(ctypes.byref(loop), 1)

    def measure() -> dict[str, Any]:
        stopwatch = worker.Stopwatch()
        run(ctypes.byref(loop), UPDATES)
        return stopwatch.read(UPDATES)

    rate = float(np.mean(memory["cell"] < net.cells)) * len(memory["cell"]) / net.cells
    worker.serve(measure, lambda: {"rate_hz": rate * 1000.0 / net.steps},
                 peer=f"bare loop, {width} bytes a vector", build_s=time.perf_counter() - begin,
                 synapses=net.synapses)


if __name__ == "__main__":
    main()
