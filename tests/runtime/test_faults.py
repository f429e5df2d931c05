"""Faults that official libraries have and the own runtime must not: looked for at every place.

`make compare-builds` finds each of them in the official libraries (docs/evidence/spinnaker).
"""

import pytest

from tests.runtime.builds import build
from tests.runtime.faults import FAULTS


@pytest.mark.parametrize("name", FAULTS)
def test_the_runtime_does_not_have_the_fault(name: str) -> None:
    trial, count = FAULTS[name]
    assert [number for number in range(count) if trial(build(), number)] == []
