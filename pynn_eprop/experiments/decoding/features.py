"""Eligibility traces of test simulations, averaged over windows of time."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from pynn_eprop.experiments.task_network import TaskNetwork
from pynn_eprop.models.network import ELIGIBILITY_TRACE
from pynn_eprop.tasks.decoding import ALL, Decoding
from pynn_eprop.tasks.network_plan import NetworkPlan
from pynn_eprop.tasks.trials import Trials

_BYTES_AT_ONCE = 256 * 2 ** 20

Played = Callable[[int], None]
"""Called with the number of simulations done, whenever some are; may end the run."""


def simulated(sim: ModuleType, plan: NetworkPlan, decoding: Decoding, seed: int,
              setup: Mapping[str, Any], weights: Path, trials: Trials, played: Played
              ) -> dict[str, np.ndarray]:
    """Features by label of the projection: (trials, windows, synapses), float32.

    Builds the network of the test simulations, with the weights of a file, and runs them without
    learning.
    """
    network = TaskNetwork(sim, plan, seed, setup)
    sim.load_weights(weights)
    sim.set_learning(False)
    recorded = {label: network.projections[label] for label in decoding.groups(plan)[ALL]}
    for projection in recorded.values():
        projection.record(ELIGIBILITY_TRACE, sampling_interval=decoding.sampling)
    samples = round(decoding.trial / decoding.sampling)
    synapses = sum(map(len, recorded.values()))
    at_once = max(_BYTES_AT_ONCE // (8 * samples * synapses), 1)
    features: dict[str, list[np.ndarray]] = {label: [] for label in recorded}
    for first in range(0, trials.n_trials, at_once):
        some = trials.part(first, min(first + at_once, trials.n_trials), decoding.trial)
        network.run(some)
        for label, projection in recorded.items():
            signal = projection.get_data(clear=True).segments[-1].analogsignals[0]
            # without the sample that precedes the first step
            values = np.asarray(signal.magnitude)[-some.n_trials * samples:]
            features[label].append(_averaged(
                values.reshape(some.n_trials, samples, -1), decoding))
        played(first + some.n_trials)
    sim.end()
    return {label: np.concatenate(parts) for label, parts in features.items()}


def _averaged(values: np.ndarray, decoding: Decoding) -> np.ndarray:
    """Means over windows of (trials, samples, synapses); sample s is at (s + 1) sampling."""
    length = round(decoding.window / decoding.sampling)
    begins = np.round((decoding.start + decoding.delays) / decoding.sampling).astype(int)
    sums = np.concatenate([np.zeros_like(values[:, :1]), np.cumsum(values, axis=1)], axis=1)
    return np.asarray((sums[:, begins + length] - sums[:, begins]) / length, dtype=np.float32)
