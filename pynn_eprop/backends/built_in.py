"""The package's own backends, a row each, in the order of lists."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from pynn_eprop.backends.backend import (
    BPTT,
    EPROP,
    FIXED,
    FLOAT,
    PRECISIONS,
    Backend,
    Compared,
    Context,
)


def _boards(conditions: Mapping[str, Any]) -> Context:
    """SpiNNaker boards in software that are as hard as some conditions make them."""
    from pynn_eprop.emulator.conditions import read_conditions
    read = read_conditions(conditions.items())

    def board(neurons: int) -> AbstractContextManager[object]:
        """One that is large enough for the cells."""
        from pynn_eprop.emulator import Board
        return Board(chips=4 if neurons <= 1000 else 48, real_time=False, conditions=read)

    return board


def _board(neurons: int) -> AbstractContextManager[object]:
    return _boards({})(neurons)


HOST = Backend(
    "host", "pynn_eprop.host",
    machines={"engine": PRECISIONS, "reference": (FLOAT,)},
    takes=("machine", "precision", "threads"),
    compared=(Compared("host", FLOAT, {"precision": FLOAT}, by_default=True),
              Compared("host-fixed", FIXED, {"precision": FIXED}),
              Compared("reference", FLOAT, {"machine": "reference"})))

JAX = Backend(
    "jax", "pynn_eprop.jax", precisions=("float32", FLOAT), gradients=(EPROP, BPTT),
    takes=("precision", "gradient"),
    compared=(Compared("jax", FLOAT, {"precision": FLOAT}, by_default=True),), extra="jax")

# NEST takes no input in the first steps of an interval, and has got that of the next few when the
# data of an interval are read. Experiments train, so that what it does otherwise in single steps
# may pass with a warning; a comparison leaves out the input that meets its own order of things
# (docs/nest.md).
NEST = Backend(
    "nest", "pynn_eprop.nest", takes=("threads",), setup={"quirks": "allow"}, free_steps=5,
    compared=(Compared("nest", FLOAT, free_steps=2, by_default=True),), extra="nest")

BRIAN2 = Backend(
    "brian2", "pynn_eprop.brian2", compared=(Compared("brian2", FLOAT, by_default=True),),
    extra="brian2")

BRAINSCALES = Backend(
    "brainscales", "pynn_eprop.brainscales", precisions=(FLOAT, "float32"), takes=("precision",))

SPINNAKER = Backend(
    "spinnaker", "pynn_eprop.spinnaker", precisions=(FIXED,), takes=("failure_folder",),
    setup={"quiet": True, "virtual_board": "refuse"},
    compared=(Compared("spinnaker", FIXED, {"virtual_board": "refuse"}),), extra="spinnaker")

EMULATOR = Backend(
    "emulator", "pynn_eprop.spinnaker", precisions=(FIXED,), takes=("failure_folder",),
    setup={"quiet": True, "virtual_board": "refuse"},
    compared=(Compared("emulator", FIXED),), context=_board, under_conditions=_boards,
    extra="spinnaker")
