"""Brian2's explicit traces against the engine in float64, on random networks of every kind.

Expected values are the engine's. Brian2 integrates cells, delays and traces on its own: the two
share the script, its expansion into synapses, and the spikes of sources. More seeds are
in docs/evidence/brian2 (evidence/brian2_networks.py).
"""

import numpy as np
import pytest

import pynn_eprop.brian2
import pynn_eprop.host
from evidence.shared.random_scripts import RandomScript, relative

# of the largest value; measured: 2e-14 and less
STATES, WEIGHTS = 1e-12, 1e-9
# 1: three trials, half a ms; 4 and 25: continuous, two populations and one; 8: both losses; 15:
# two populations, three trials
SEEDS = {1: False, 4: True, 8: True, 15: False, 25: True}
"""And whether there are sources of values."""


@pytest.mark.parametrize(("seed", "analog"), SEEDS.items())
def test_a_random_network(seed, analog):
    script = RandomScript(seed, analog)
    expected = script.play(pynn_eprop.host, precision="float64")
    found = script.play(pynn_eprop.brian2)
    assert sum(map(len, expected.spikes["cells0"])) > 20
    assert any(np.any(values) for values in expected.traces.values())
    for label, trains in expected.spikes.items():
        assert len(found.spikes[label]) == len(trains)
        for one, other in zip(found.spikes[label], trains, strict=True):
            assert np.array_equal(one, other)
    for kind, bound in (("signals", STATES), ("weights", WEIGHTS), ("gradients", WEIGHTS),
                        ("biases", WEIGHTS), ("traces", STATES)):
        for name, values in getattr(expected, kind).items():
            assert relative(getattr(found, kind)[name], values) <= bound, (kind, name)
