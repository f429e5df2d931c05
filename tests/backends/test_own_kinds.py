"""Losses, optimisers and cells of one's own: taken or refused by name when the part is made.

So are the package's own cells that the reference and JAX have alone.
"""

import pytest

from tests.backends.scripts import BACKENDS

# tests/functional has those of JAX
NAMES = {"host": "the host engine", "nest": "NEST", "brian2": "Brian2",
         "spinnaker": "a SpiNNaker core"}
MAKES_STEPS = {"host", "brian2"}        # of any optimiser, between the intervals


def test_the_list_has_every_backend():
    assert set(NAMES) | {"jax"} == set(BACKENDS)


@pytest.fixture(params=NAMES)
def backend(request):
    return request.param


@pytest.fixture
def found(on_backend):
    return on_backend("own_kinds.refused_kinds")


def refused(outcome):
    """The message of a call that was refused."""
    kinds, message = outcome
    assert kinds[0] == "UnsupportedError"
    return message


def test_losses_are_the_reference_s_alone(found, backend):
    assert refused(found["loss"]) == (
        f"own: loss 'absolute' is not known to {NAMES[backend]}; choose one of ['mse', "
        "'cross_entropy'], or setup(machine='reference') of the host backend, which runs every "
        "loss")


@pytest.mark.parametrize("what", ["optimizer", "bias optimizer"])
def test_optimisers_run_where_steps_are_made_between_intervals(found, backend, what):
    if backend in MAKES_STEPS:
        assert found[what] == ([], "")
        return
    assert refused(found[what]) == (
        f"own: optimizer 'momentum' is not known to {NAMES[backend]}; choose one of ['sgd', "
        "'adam'], or setup(precision='float32') of the host backend, which runs every optimizer")


@pytest.mark.parametrize(("what", "name"), [
    ("cell", "CurrentLIF"), ("cell class", "CurrentLIF"), ("EPropLSTM", "EPropLSTM"),
    ("EPropArtificial", "EPropArtificial"), ("EPropCurrLIF", "EPropCurrLIF")])
def test_cells_are_the_reference_s_alone(found, backend, what, name):
    message = refused(found[what])
    assert message.startswith(f"Population(..., {name}): cell {name!r} is not known to "
                              f"{NAMES[backend]}; choose one of [")
    assert "'EPropALIF', 'EPropLIF', " in message
    assert message.endswith("or setup(machine='reference') of the host backend, which runs every "
                            "cell")
