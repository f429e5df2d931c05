"""Learning with a chip in the loop: it runs the network, the learning rule runs here.

A :class:`Substrate` is what runs one trial; :mod:`~pynn_eprop.in_the_loop.substrates` has those of
the package. :class:`LoopMachine` is the machine made of one and of a learner.
"""

from pynn_eprop.in_the_loop.measured import Measured, Samples
from pynn_eprop.in_the_loop.substrate import ChipNetwork, Dynamics, Limits, Substrate

__all__ = ["ChipNetwork", "Dynamics", "Limits", "Measured", "Samples", "Substrate"]
