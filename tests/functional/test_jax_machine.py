"""The machine in JAX, float64, against the reference: 1e-10 of the largest number of each array."""

from dataclasses import replace

import pytest

from pynn_eprop.functional.machine import JaxMachine
from pynn_eprop.functional.options import JaxOptions
from pynn_eprop.models.network import Boundary, Network
from pynn_eprop.reference import ReferenceMachine
from tests.agreement.play import assert_agree, play
from tests.agreement.test_engine_against_reference import CASES
from tests.random_networks import make_case

BOUND = 1e-10


def machine(network: Network) -> JaxMachine:
    return JaxMachine(network, JaxOptions("float64"))


@pytest.mark.parametrize("boundary", list(Boundary))
@pytest.mark.parametrize("name", CASES)
def test_named_cases(name, boundary):
    case = make_case(replace(CASES[name], boundary=boundary))
    assert_agree(play(case, machine), play(case, ReferenceMachine), BOUND)
