"""States of compiled machines: going on from them, and what is refused."""

import io

import numpy as np
import pytest

from pynn_eprop.errors import CheckpointError
from pynn_eprop.intervals import (
    INTERVAL_RULES,
    IntervalLearning,
    SyntheticGradients,
    UnitNetwork,
)
from pynn_eprop.intervals.compiled import CompiledMachine
from pynn_eprop.models.optimizers import SGD, Adam
from tests.intervals.compiled.machines import data

NETWORKS = {"lstm": UnitNetwork(19, 3, 5), "words": UnitNetwork(6, 3, 5, loss="softmax", words=7),
            "leaky": UnitNetwork(6, 3, 5, kind="tanh", leak=0.5)}


def machine(network: str = "lstm", rule: str = "eprop3", optimizer=Adam(0.01), batch: int = 3,  # noqa: B008
            precision: str = "float32", seed: int = 0, **module: object) -> CompiledMachine:
    description = NETWORKS[network]
    return CompiledMachine(description, IntervalLearning(
        INTERVAL_RULES[rule], batch, 2, optimizer,
        synthetic=SyntheticGradients(9, optimizer=Adam(0.1), **module)),
        description.first_parameters(seed), seed, precision)


def through_a_file(state):
    file = io.BytesIO()
    np.savez(file, **state)
    file.seek(0)
    return dict(np.load(file, allow_pickle=False))


def equal(one, other) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name])
                                              for name in one)


@pytest.mark.parametrize("module", [{}, {"schedule": "extra pass", "through_network": True}])
@pytest.mark.parametrize("optimizer", [Adam(0.01), SGD(0.1)], ids=["adam", "sgd"])
@pytest.mark.parametrize("rule", ["truncated-bptt", "eprop1-random", "eprop3", "bptt"])
@pytest.mark.parametrize("network", NETWORKS)
def test_goes_on_bit_for_bit_in_the_middle_of_a_sequence(network, rule, optimizer, module) -> None:
    first = machine(network, rule, optimizer, **module)
    parts = [data(NETWORKS[network], steps, 3, seed) for seed, steps in enumerate((4, 6, 5))]
    first.train(*parts[0], last=False)
    kept = through_a_file(first.state())
    second = machine(network, rule, optimizer, seed=9, **module)
    second.load(kept)
    assert equal(kept, second.state())
    for part, last in ((parts[1], False), (parts[2], True)):
        errors = [each.train(*part, last=last) for each in (first, second)]
        assert errors[0] == errors[1]
    assert first.updates == second.updates
    assert equal(first.state(), second.state())
    for found, expected in zip(second.outputs(parts[0][0]), first.outputs(parts[0][0]),
                               strict=True):
        assert np.array_equal(found, expected)


def test_shapes_and_names() -> None:
    state = machine().state()
    weights = {"weights": (23, 76), "readout": (19, 5), "readout_bias": (5,)}
    module = {"module.hidden": (19, 9), "module.hidden_bias": (9,), "module.output": (9, 38),
              "module.output_bias": (38,)}
    learned = {f"{name}{moment}": shape for name, shape in (weights | module).items()
               for moment in ("", ".m", ".v")}
    cells = {name: (3, 19) for name in ("unit.state", "unit.output", "boundary.state",
                                        "boundary.output")}
    assert {name: values.shape for name, values in state.items()} == {
        **learned, **cells, "traces": (3, 3, 19, 23), "counts": (3,), "squares": (2,),
        "description": state["description"].shape}
    assert state["weights"].dtype == np.float32


def test_first_weights_and_setting_them() -> None:
    network = NETWORKS["words"]
    given, other = network.first_parameters(0), network.first_parameters(1)
    one = machine("words", precision="float64")
    assert equal(one.parameters(), given)
    one.set_parameters(other)
    assert equal(one.parameters(), other)
    module = one.learning.module.first_parameters(network, 0)
    assert equal({name: one.state()[f"module.{name}"] for name in module}, module)


def test_states_of_others_are_refused() -> None:
    own = machine()
    for other, difference in (
            (machine("words"), "units: 19"), (machine(rule="traces"), "Traces|synthetic"),
            (machine(rule="truncated-traces"), "TRUNCATED"),
            (machine(optimizer=Adam(0.02)), "lr=0.02"), (machine(batch=2), "batch: 2"),
            (machine(precision="float64"), "float64"), (machine(sees_state=True), "sees_state")):
        before = own.state()
        with pytest.raises(CheckpointError, match=difference):
            own.load(other.state())
        assert equal(before, own.state())


@pytest.mark.parametrize(("name", "damage", "message"), [
    ("weights", lambda a: a[:-1], "weights is float32 of shape"),
    ("weights", lambda a: a.astype(np.float64), "weights is float64"),
    ("traces", lambda a: a * np.nan, "traces has values that are not finite"),
    ("unit.state", lambda a: a + np.inf, "unit.state has values"),
    ("weights.v", lambda a: a - 1, "weights.v has negative"),
    ("counts", lambda a: -1 - a, "counts has negative"),
    ("squares", lambda a: a[:1], "squares is"),
    ("description", lambda a: a[:-1], "description is"),
    ("description", lambda a: np.array(["an engine"] * len(a)), "an engine")])
def test_damaged_states_are_refused(name, damage, message) -> None:
    own = machine()
    state = own.state()
    with pytest.raises(CheckpointError, match=message):
        own.load(state | {name: damage(state[name])})
    assert equal(state, own.state())
    del state[name]
    with pytest.raises(CheckpointError, match=f"'{name}' is missing"):
        own.load(state)
    with pytest.raises(CheckpointError, match="'more' is unknown"):
        own.load(own.state() | {"more": np.zeros(1)})
