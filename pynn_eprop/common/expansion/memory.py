"""Whether a network fits this computer."""

import os

from pynn_eprop.errors import NetworkError
from pynn_eprop.models.network import Boundary, Network

BYTES_PER_SYNAPSE = 40      # measured: 55 million plastic synapses, float32, from expansion to run
BYTES_PER_CELL = 390        # measured: a million EPropLIF, as PyNN objects and in the engine


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


def check_cells_fit(cells: int, label: str) -> None:
    """Raise :class:`NetworkError` if a population needs more than all of the memory."""
    needed, present = cells * BYTES_PER_CELL, physical_memory()
    if needed > present:
        raise NetworkError(f"{label}: {cells} cells need {needed / 1e9:.3g} GB of memory, but this "
                           f"computer has {present / 1e9:.3g} GB; make the population smaller")


def check_activity_fits(network: Network) -> None:
    """Raise :class:`NetworkError` if the activity of an update needs more than all of the memory.

    Only parts that grow with intervals, trials and delays count: the first spike of each step, and
    the history of cells and readouts that learn (float32).
    """
    settings = network.settings
    steps = settings.interval_steps or 0
    delay = max((int(projection.delay.max()) for projection in network.projections
                 if len(projection.delay)), default=1)
    continuous = settings.interval_steps is None or settings.boundary is Boundary.CONTINUOUS
    trials = 1 if continuous else max(settings.trials_per_update, settings.threads)
    keeps_flight = continuous or not all(population.resets for population in network.populations)
    needed = 8 * len(network.populations) * (steps + (delay if keeps_flight else 0)) * trials
    needed += 4 * steps * trials * sum(
        population.size for index, population in enumerate(network.populations)
        if index in network.learning_posts or not population.emits_spikes)
    if needed > physical_memory():
        raise NetworkError(
            f"update_interval, trials_per_update={settings.trials_per_update} and the longest "
            f"delay of {delay} steps: what happens in {trials} trials of {steps} steps needs "
            f"{needed / 1e9:.3g} GB of memory, but this computer has "
            f"{physical_memory() / 1e9:.3g} GB; shorten one of them, or make the populations "
            "smaller")
