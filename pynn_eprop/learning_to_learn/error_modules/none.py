"""No error module: the learner's initial weights alone are learned."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from pynn_eprop.families.family import Family
from pynn_eprop.learning_to_learn.error_modules.kind import ErrorModule, Seen, Sent


class NoModule(ErrorModule):
    """There is no weight update; the test trial is the training trial."""

    name: ClassVar[str] = "none"
    meaning: ClassVar[str] = "no update: a baseline whose initial weights alone are learned"

    def start(self, family: Family, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """No parameters."""
        return {}

    def send(self, family: Family, parameters: Mapping[str, Any], seen: Seen) -> Sent:
        """Nothing."""
        return Sent(None)
