"""A backend of your own: a PyNN module, and a row that says what experiments must know of it.

Here the module is the host's with another set-up: float64 if nothing else is asked for, and no
choice of machine. A simulator of your own has its own functions and classes in their place, under
the same names.

    python examples/own_backend.py [further options of `pynn-eprop run`]
    pynn-eprop run pattern-generation --backend own-backend --plugin examples/own_backend.py
    pynn-eprop compare pattern-generation --backends own-backend --plugin examples/own_backend.py
"""
# ruff: noqa: F403 (all that a script sees of the host)

import sys

from pynn_eprop import Backend, Compared, cli, host, register_backend
from pynn_eprop.host import *

OWN = register_backend(Backend(
    name="own-backend",
    module=__name__,                            # this file
    precisions=("float64", "float32"),          # the default first
    takes=("precision", "threads"),             # what setup() gets from the command line
    compared=(Compared("own-backend", "float64", {"threads": 2}),)))


def __getattr__(name):
    """Cell types that were registered with ``register_cell()``."""
    return getattr(host, name)


def setup(timestep=0.1, min_delay="auto", precision="float64", **more):
    """As of the host, in float64."""
    return host.setup(timestep, min_delay, precision=precision, **more)


if __name__ == "__main__":
    sys.exit(cli.main(["run", "pattern-generation", "--backend", OWN.name, "--plugin", __file__,
                       "--neurons", "50", "--updates", "100", "--force", *sys.argv[1:]]))
