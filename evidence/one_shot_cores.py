"""One-shot learning on emulated cores: what it costs, and whether it is the host's fixed point."""

import re
from collections import Counter
from typing import Any

import numpy as np

import pynn_eprop.host as host
from pynn_eprop.emulator import Board
from pynn_eprop.families import OneShotTrial
from pynn_eprop.learning_to_learn import Learned
from pynn_eprop.learning_to_learn.one_shot import OneShotNetwork
from pynn_eprop.spinnaker.memory.layout import Provenance

MHZ = 200


def _differences(ours: OneShotTrial, theirs: OneShotTrial) -> int:
    """How many recorded values are not the same; spikes count as one value for all."""
    count = sum(int(np.count_nonzero(ours.y[label] != theirs.y[label])) for label in theirs.y)
    return count + sum(not all(map(np.array_equal, ours.spikes[label], theirs.spikes[label]))
                       for label in theirs.spikes)


def cost(learned: Learned, goals: np.ndarray, **setup: Any) -> dict[str, Any]:
    """Cores, and of the busiest neuron core the instructions of a step and the update."""
    twin = OneShotNetwork(host, learned, goals, 1, {"precision": "fixed"}, watch=True)
    expected = [(twin.learn_next(), twin.changed_weights()) for _ in goals]
    twin.end()
    cells = learned.family.n_neurons + learned.family.n_module
    different = 0
    with Board(chips=4 if cells <= 1000 else 48, real_time=False) as board:
        import pynn_eprop.spinnaker as sim
        network = OneShotNetwork(sim, learned, goals, 1, {"quiet": True, **setup}, watch=True)
        for trials, weights in expected:
            found, changed = network.learn_next(), network.changed_weights()
            different += sum(map(_differences, found, trials))
            different += sum(int(np.count_nonzero(~np.isclose(
                changed[name], weights[name], rtol=0, atol=0, equal_nan=True)))
                for name in weights)
        loaded = sim.simulator.state.simulation.network
        provenance = [(core.binary, each) for core, each in loaded.reports.counted()]
        lines = str(board.status()).splitlines()
        sim.end()
    spent = [int(words[4]) for words in map(str.split, lines)
             if len(words) > 5 and words[2].startswith("eprop_")
             and re.fullmatch(r"\d+", words[4])]
    neurons = np.array([each for binary, each in provenance if binary != "eprop_readout"])
    readouts = np.array([each for binary, each in provenance if binary == "eprop_readout"])
    update = int(neurons[:, Provenance.LONGEST_UPDATE].max())
    steps = 2 * len(goals) * learned.family.steps
    return {
        "cores": dict(Counter(binary for binary, _ in provenance)), "different": different,
        "values": 2 * len(goals) * learned.family.steps * sum(
            rows.shape[1] for rows in expected[0][0][0].y.values()),
        # the busiest core may be one of readouts, whose update is subtracted as a neuron core's
        "step": (max(spent) - update * MHZ * len(goals)) / steps,
        "longest": int(max(neurons[:, Provenance.LONGEST_TICK].max(),
                           readouts[:, Provenance.LONGEST_TICK].max())),
        "late": int(neurons[:, Provenance.LATE_SPIKES].max()),
        "overruns": int(neurons[:, Provenance.OVERRUNS].max()),
        "update": update, "given": int(neurons[:, Provenance.GIVEN_UPDATE].max()),
        "megabytes": float(neurons[:, Provenance.UPDATE_BYTES].max()) / 1e6}
