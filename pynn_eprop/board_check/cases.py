"""The table of networks that a board is checked with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pynn_eprop.board_check.networks import inputs, large, learning
from pynn_eprop.board_check.recorded import Recorded

Script = Callable[..., Recorded]


@dataclass(frozen=True)
class Case:
    """A network that a board is checked with.

    Parameters
    ----------
    name: in the table
    kinds: of cells, learning and input that it has, in a few words
    script: called with the module to run on and keywords of its ``setup()``
    setup: further keywords on the board
    expected: the script whose results on the host the board's must be; None: the same one
    chips: that the machine must have
    binary: a program of cores that it needs beside the ones that every build has
    """

    name: str
    kinds: str
    script: Script
    setup: Mapping[str, Any] = field(default_factory=dict)
    expected: Script | None = None
    chips: int = 1
    binary: str | None = None


CASES: dict[str, Case] = {case.name: case for case in (
    Case("regression", "LIF, dense, Adam, random feedback, batch of 2, stopped twice",
         learning.regression),
    Case("classification", "ALIF, softmax, SGD, windowed feedback, batch of 4, 2 cores",
         learning.classification, {"neurons_per_core": 12}),
    Case("mirrored weights", "symmetric feedback, bounds, biases, 2 readout populations",
         learning.mirrored_weights),
    Case("sparse", "sparse rows, delays to 18 ms, long target, 2 cores", learning.sparse,
         {"neurons_per_core": 12}),
    Case("Clopath's rule", "LIF, Clopath's rule, 2 cores", learning.clopath,
         {"neurons_per_core": 8}),
    Case("truncated adaptation", "ALIF, traces without adaptation",
         learning.truncated_adaptation),
    Case("simplified traces", "ALIF, simplified traces, 2 cores", learning.simplified_traces,
         {"neurons_per_core": 8}),
    Case("Poisson", "Poisson sources, static synapses, Adam and SGD", inputs.poisson),
    Case("analog", "analog sources onto cells and readouts", inputs.analog,
         binary="eprop_analog"),
    Case("native cells", "sPyNNaker's IF_curr_exp before and after cells that learn",
         inputs.beside_native_cells, expected=inputs.without_native_cells),
    Case("machine time", "machine time, input in pauses, stopped in pauses",
         learning.machine_time, {"pause": 30.0}),
    Case("reset", "stopped, reset, run again with and without what was learned",
         learning.stopped_and_reset),
    Case("error module", "readouts without loss on 2 cores, a signal a cell, 3 cores",
         large.error_module),
    Case("many cores", "2 populations on 40 cores, several chips", large.many_cores,
         {"neurons_per_core": 2}, chips=2),
    Case("load", "400 cells, 40 a core, about 60 Hz", large.load, {"neurons_per_core": 40}),
)}
"""All cases by name, in the order in which they run."""
