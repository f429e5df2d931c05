"""Optimisers of one's own on the engine: its gradients and their steps, against the reference.

And a copy of Adam against the built-in one, which shares nothing with it on the engine.
"""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given

from pynn_eprop.engine import HostEngine
from pynn_eprop.errors import (
    CheckpointError,
    ParameterError,
    SimulationError,
    UnsupportedError,
)
from pynn_eprop.models.cells import Readouts
from pynn_eprop.models.network import Boundary
from pynn_eprop.models.optimizers import Adam
from pynn_eprop.reference import ReferenceMachine
from tests import random_networks
from tests.agreement.play import assert_agree, assert_identical, play
from tests.own_kinds import Decaying, Momentum, OwnAdam
from tests.random_networks import CellPlan, Plan, ReadoutPlan, make_case
from tests.strategies import plans

BOUND = 1e-10
OWN = {"momentum": Momentum(), "own adam": OwnAdam(), "decaying": Decaying()}

CASES = {
    "alone": Plan(optimizers=("momentum",)),
    "beside built-in ones and synapses that stay": Plan(
        seed=2, optimizers=("momentum", "adam", "sgd", "static"), sources=(3, 2),
        cells=(CellPlan(5, adaptive=True), CellPlan(4)),
        readouts=(ReadoutPlan(bias_optimizer="own adam"), ReadoutPlan(bias_optimizer="adam"))),
    "of biases alone": Plan(optimizers=("sgd",), readouts=(ReadoutPlan(
        bias_optimizer="momentum"),)),
    "within bounds": Plan(optimizers=("momentum",), bounds=True, seed=3),
    "over a batch": Plan(optimizers=("own adam",), trials=3, stretches=((140, True),)),
    "sparse, with delays": Plan(optimizers=("momentum",), wirings=("sparse", "duplicates"),
                                delays=("mixed",), cells=(CellPlan(adaptive=True),)),
    "no self-connections": Plan(optimizers=("decaying",), wirings=("no self",)),
    "symmetric feedback": Plan(optimizers=("momentum",), feedbacks=("symmetric",)),
    "checkpoints within an update": Plan(
        optimizers=("own adam", "adam"), trials=2, changes=("checkpoint",),
        stretches=((13, True), (7, True), (29, True), (51, True)),
        readouts=(ReadoutPlan(bias_optimizer="momentum"),)),
    "learning switched off now and then": Plan(
        optimizers=("momentum",), stretches=((30, True), (20, False), (30, False), (40, True))),
    "more cells than a tile": Plan(
        seed=6, optimizers=("momentum", "adam"), sources=(140,), interval_steps=12,
        cells=(CellPlan(150, True),), stretches=((36, True),)),
}


@pytest.fixture(autouse=True, scope="module")
def known():
    """Networks may have them."""
    before = dict(random_networks.OPTIMIZERS)
    random_networks.OPTIMIZERS.update(OWN)
    yield
    random_networks.OPTIMIZERS.clear()
    random_networks.OPTIMIZERS.update(before)


def float64(network):
    return HostEngine(network, precision="float64")


def optimizers(network):
    """The types of all optimisers."""
    given = [*(each.optimizer for each in network.projections),
             *(each.bias_optimizer for each in network.populations if isinstance(each, Readouts))]
    return {type(each) for each in given if each is not None}


@pytest.mark.parametrize("boundary", list(Boundary))
@pytest.mark.parametrize("name", CASES)
def test_the_engine_is_the_reference(name, boundary):
    case = make_case(replace(CASES[name], boundary=boundary))
    assert optimizers(case.network) & {type(each) for each in OWN.values()}
    assert_agree(play(case, float64), play(case, ReferenceMachine), BOUND)


@given(plans())
def test_random_networks(plan):
    case = make_case(plan)
    assert_agree(play(case, float64), play(case, ReferenceMachine), BOUND)


@pytest.mark.parametrize("boundary", list(Boundary))
def test_one_run_is_its_parts(boundary):
    """Bit for bit, checkpoints and the number of threads included."""
    case = make_case(replace(CASES["checkpoints within an update"], boundary=boundary))
    assert_identical(play(case, float64), play(case, float64, whole=True))
    threaded = replace(case, network=replace(
        case.network, settings=replace(case.network.settings, threads=2)))
    assert_identical(play(threaded, float64), play(case, float64))


def twins(precision):
    """A run with a copy of Adam, and the same one with Adam."""
    made = {}
    for name, optimizer in (("copy", OwnAdam()), ("built-in", Adam(lr=0.01))):
        random_networks.OPTIMIZERS["chosen"] = optimizer
        case = make_case(Plan(optimizers=("chosen",), bounds=True, seed=3, readouts=(
            ReadoutPlan(bias_optimizer="chosen"),), stretches=((200, True),)))
        made[name] = play(case, ReferenceMachine if precision == "reference" else
                          lambda network: HostEngine(network, precision=precision))
    del random_networks.OPTIMIZERS["chosen"]
    return made["copy"], made["built-in"]


@pytest.mark.parametrize("precision, bound", [
    ("float64", BOUND), ("float32", 1e-4), ("reference", BOUND)])
def test_a_copy_of_adam_is_adam(precision, bound):
    """To what the order of a few roundings makes of ten updates, whose steps are 0.01 each."""
    copy, built_in = twins(precision)
    assert_agree(copy, built_in, bound)


def engine_of(name, **changes):
    case = make_case(replace(CASES[name], **changes))
    return case, HostEngine(case.network, precision="float64")


def test_gradients_without_a_step_and_a_step_from_given_gradients():
    """decay 0.8 and lr 0.003 from a mean of 0: the first step is -0.003 g."""
    case, engine = engine_of("alone")
    before = engine.weights(0)
    engine.run(20, case.inputs(0, 20), update=False)
    assert np.array_equal(engine.weights(0), before) and engine.updates == 0
    given = {index: np.full(len(each.weight), 2.0)
             for index, each in enumerate(case.network.projections)}
    engine.apply_gradients(given)
    np.testing.assert_allclose(engine.weights(0), before - 0.003 * 2.0, rtol=1e-13)
    assert engine.updates == 1


def test_what_was_learned_goes_to_a_new_machine():
    case, old = engine_of("of biases alone")
    old.run(80, case.inputs(0, 80))
    new = HostEngine(case.network, precision="float64")
    new.take_over_learning(old)
    kept = {name: array for name, array in old.state().items() if ".own_" in name}
    assert set(kept) == {"population.0.2.own_u", "population.0.2.own_mean"}
    assert kept["population.0.2.own_u"] == 4 and np.all(kept["population.0.2.own_mean"] != 0.0)
    for name, array in kept.items():
        assert np.array_equal(new.state()[name], array)
    assert np.array_equal(new.bias(2), old.bias(2)) and new.step == 0


def test_a_state_without_its_arrays_is_refused():
    _, engine = engine_of("alone")
    state = engine.state()
    del state["projection.0.0.own_mean"]
    with pytest.raises(CheckpointError, match=r"no entry 'projection\.0\.0\.own_mean'"):
        engine.restore(state)
    state = engine.state()
    state["projection.0.0.own_mean"] = np.zeros(1)
    with pytest.raises(CheckpointError, match=r"own_mean has shape|/mean has shape \(1,\)"):
        engine.restore(state)


@pytest.mark.parametrize("machine", [HostEngine, ReferenceMachine])
def test_a_run_whose_step_raises_has_not_happened(machine):
    """In the second update; the first was made by the run before."""
    class Failing(Momentum):
        def update(self, gradient, state, weight, count):
            if count == 2:
                raise ZeroDivisionError("of the user's")
            return super().update(gradient, state, weight, count)

    case = make_case(Plan())
    network = replace(case.network, projections=tuple(
        replace(each, optimizer=Failing()) for each in case.network.projections))
    found = machine(network)
    length = network.settings.interval_steps * network.settings.trials_per_update
    found.run(length + 3, case.inputs(0, length + 3))
    before = found.state()
    with pytest.raises(SimulationError, match=r"update\(\) failed: ZeroDivisionError: of the u"):
        found.run(80, case.inputs(length + 3, length + 83))
    assert found.step == length + 3 and found.updates == 1
    assert all(np.array_equal(found.state()[name], before[name], equal_nan=True) for name in before)


def test_a_step_of_the_wrong_shape_is_named():
    class Short(Momentum):
        def update(self, gradient, state, weight, count):
            return weight[1:], state

    case = make_case(Plan())
    network = replace(case.network, projections=tuple(
        replace(each, optimizer=Short()) for each in case.network.projections))
    with pytest.raises(ParameterError, match=r"optimizer 'momentum': update\(\) gives weights"):
        HostEngine(network).run(20, case.inputs(0, 20))


def test_fixed_point_has_its_own_alone():
    case = make_case(CASES["alone"])
    with pytest.raises(UnsupportedError, match=r": optimizer 'momentum' is not known to the host e"
                       r"ngine in fixed point; choose one of \['sgd', 'adam'\], or .*float32"):
        HostEngine(case.network, precision="fixed")
