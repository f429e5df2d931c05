"""Rules as cores have them: one for each population, Clopath's without adaptation."""

import numpy as np
import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

from pynn_eprop.errors import UnsupportedError
from pynn_eprop.models.cells import AnalogSources, Sources
from pynn_eprop.models.losses import MSE
from pynn_eprop.models.optimizers import SGD
from pynn_eprop.models.rules import ClopathRule, EProp, SimplifiedTraces, TruncatedTraces
from pynn_eprop.spinnaker.memory.layout import Kind
from pynn_eprop.spinnaker.options import SpinnakerOptions
from pynn_eprop.spinnaker.placement.plan import Plan
from tests.descriptions import alif, feedback, lif, network, readouts, synapses


def plan(cells, *rules, static=None, source=Sources("inputs", 2)):  # noqa: B008 (immutable)
    """The plan of two sources, cells and a readout; a rule of each plastic projection from them."""
    inputs = [synapses(0, 1, [(0, 0)], 0.1, optimizer=SGD(lr=0.1), rule=rule) for rule in rules]
    if static is not None:
        inputs.append(synapses(0, 1, [(1, 0)], 0.1, rule=static))
    return Plan(network(
        [source, cells, readouts(loss=MSE(), target=np.ones((1, 10)))],
        [*inputs, synapses(1, 2, [(0, 0)], 0.5)], [feedback(2, 1, [[1.0]])], interval_steps=10),
        SpinnakerOptions(), {}, 100)


@pytest.mark.parametrize(("cells", "rules", "kind", "binary"), [
    (lif(), [EProp()], Kind.LIF, "eprop_neuron"),
    (alif(), [SimplifiedTraces(), SimplifiedTraces()], Kind.ALIF, "eprop_neuron"),
    (lif(), [ClopathRule(), ClopathRule()], Kind.CLOPATH, "eprop_clopath"),
    (lif(), [], Kind.LIF, "eprop_neuron")])
def test_the_rule_decides_on_the_binary(cells, rules, kind, binary):
    core, = plan(cells, *rules, static=ClopathRule()).of_population(1)
    assert core.binary == binary


@pytest.mark.parametrize("cells", [lif(), alif()])
def test_analog_sources_have_a_binary_of_their_own(cells):
    core, = plan(cells, EProp(), source=AnalogSources("inputs", 2)).of_population(1)
    assert core.binary == "eprop_analog"


def test_analog_sources_and_clopaths_rule_do_not_go_together():
    with pytest.raises(UnsupportedError, match="rule 'clopath' has no analog sources, as both do "
                       "not fit a core; use spikes, or another backend"):
        plan(lif(), ClopathRule(), source=AnalogSources("inputs", 2))


@pytest.mark.parametrize(("cells", "rules", "message"), [
    (lif(), [EProp(), TruncatedTraces()],
     r"different rules, EProp\(\) \(.*\) and TruncatedTraces\(\) .* a SpiNNaker core filters with "
     "one. Give all of them one rule, or split the population"),
    (lif(), [ClopathRule(), ClopathRule(tau_v=5.0)], "different rules, ClopathRule"),
    (alif(), [ClopathRule()], "rule 'clopath' has no adaptation, as both do not fit a core")])
def test_what_cores_cannot_do_is_refused_by_name(cells, rules, message):
    with pytest.raises(UnsupportedError, match=message):
        plan(cells, *rules)
