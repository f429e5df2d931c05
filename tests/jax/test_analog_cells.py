"""Scripts with cells that pass on values, in JAX: what the host's reference gives."""

import numpy as np
import pytest

import pynn_eprop.host as host
import pynn_eprop.jax as sim
from pynn_eprop import errors
from tests.own_analog_cells import GatedSum
from tests.own_cells import registered

T = 12
VALUES = np.random.default_rng(0).normal(0.0, 0.7, (2, T))


def network(backend, **setup):
    """Own cells that drive LIF cells, whose traces are recorded; all learn. Projections, cells."""
    backend.setup(timestep=1.0, update_interval=float(T), seed=3, **setup)
    source = backend.Population(2, backend.AnalogSource(VALUES))
    own = backend.Population(2, backend.GatedSum(), label="own")
    lif = backend.Population(2, backend.EPropLIF(v_thresh=0.3), label="cells")
    readout = backend.Population(1, backend.EPropReadout(target=VALUES[:1]), label="readout")

    def connect(pre, post, receptor=None):
        return backend.Projection(pre, post, backend.AllToAllConnector(), backend.EPropSynapse(
            weight=backend.RandomDistribution("normal", mu=0.2, sigma=0.5)),
            receptor_type=receptor)

    learning = [connect(source, own, "input"), connect(own, own, "gate"), connect(own, lif),
                connect(own, readout), connect(lif, readout)]
    for post in (own, lif):
        backend.Projection(readout, post, backend.AllToAllConnector(),
                           backend.LearningSignal(weight=1.0), receptor_type="learning_signal")
    learning[2].record("eligibility_trace")
    own.record("value", sampling_interval=2.0)
    return learning, own


def results(backend, parts, **setup):
    """Weights, recorded traces and values after two updates, run in parts (ms)."""
    learning, own = network(backend, **setup)
    for steps in parts:
        backend.run(float(steps))
    (trace,) = learning[2].get_data().segments[0].analogsignals
    (value,) = own.get_data().segments[0].analogsignals
    return [*(each.get("weight", format="array") for each in learning), trace.magnitude,
            value.magnitude]


def test_a_script_gives_what_it_gives_on_the_reference():
    with registered(GatedSum):
        expected = results(host, [2 * T], machine="reference")
        found = results(sim, [T + 5, T - 5], precision="float64")
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=0, atol=1e-12)


def test_traces_of_synapses_onto_them_are_refused_by_name():
    with registered(GatedSum):
        learning, _ = network(sim)
        with pytest.raises(errors.UnsupportedError, match="synapses onto GatedSum, which do not "
                                                          "spike, are not recorded with JAX"):
            learning[0].record("eligibility_trace")


def test_what_jax_cannot_follow_is_refused_before_anything_runs():
    def output(self, cells):
        return np.tanh(np.asarray(cells.s))

    with registered(type("NoJax", (GatedSum,), {"name": "NoJax", "output": output,
                                                "__dataclass_params__": None})):
        sim.setup(timestep=1.0, update_interval=float(T))
        sim.Population(2, sim.NoJax(), label="cells")
        with pytest.raises(errors.UnsupportedError, match=r"output\(\) of cell 'NoJax' cannot be "
                                                          "computed by JAX"):
            sim.run(1.0)
        assert sim.get_current_time() == 0.0
