"""Whether a network fits this computer."""

import os

from pynn_eprop.errors import NetworkError

BYTES_PER_SYNAPSE = 75      # measured: 10 million plastic synapses, float32, from expansion to run


def physical_memory() -> int:
    """Bytes of memory that this computer has."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def check_fits(synapses: float, label: str) -> None:
    """Raise :class:`NetworkError` if so many synapses need more than all of the memory."""
    needed, present = synapses * BYTES_PER_SYNAPSE, physical_memory()
    if needed > present:
        raise NetworkError(f"{label}: about {synapses:.3g} synapses need {needed / 1e9:.3g} GB of "
                           f"memory, but this computer has {present / 1e9:.3g} GB; make the "
                           "populations smaller, or connect them more sparsely")
