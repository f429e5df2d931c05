"""Turns in which cores send their spikes, so that routers of several chips never fill up.

A router passes a packet on when all its receivers can take it, about two a microsecond at best.
When many cells of several chips fire in one step, all routers fill, each with packets that wait for
the other's: nothing moves until they drop some. So each core may send one packet in its turn of a
round, and rounds begin with the tick. Routers of one chip only cannot wait for each other: its
cores send when they like.
"""

from collections.abc import Sequence

from pynn_eprop.spinnaker.placement.cores import Core

TURN_CYCLES = 200
"""Cycles in which the slowest receiver surely takes a packet."""
CYCLES_PER_US = 200


def turns(sending: Sequence[Core], timestep_us: int) -> list[tuple[int, int]]:
    """Of each core that sends spikes, on several chips: cycles of a round and until its turn in it.

    If all cells of a core fire in one step, it sends them in half the time of it at most; turns are
    shorter than TURN_CYCLES if need be.
    """
    if not sending:
        return []
    longest = timestep_us * CYCLES_PER_US // (2 * max(core.size for core in sending))
    cycles = min(TURN_CYCLES * len(sending), longest)
    return [(cycles, cycles * place // len(sending)) for place in range(len(sending))]
