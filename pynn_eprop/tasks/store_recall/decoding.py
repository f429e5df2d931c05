"""The stored bit, decoded from eligibility traces (figure 2b)."""

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

import numpy as np

from pynn_eprop.tasks.decoding import ALL, Decoding
from pynn_eprop.tasks.network_plan import NetworkPlan
from pynn_eprop.tasks.quantities import quantity, require_whole
from pynn_eprop.tasks.store_recall.commands import STORE
from pynn_eprop.tasks.trials import INPUTS, READOUT, Trials

if TYPE_CHECKING:
    from pynn_eprop.tasks.store_recall.task import StoreRecall

_DECODING = 5       # the stream of random numbers, beside those of the task


@dataclass(frozen=True)
class StoredBit(Decoding):
    """Simulations in which STORE is the only command, with a bit in its period.

    Bits go on in the periods after it, as in training. With ``values_after=0`` there is no input
    after STORE: then cells come to rest, at rest h is 0 (|v - A| >= v_th), and so is every trace.
    """

    periods_after: int = quantity(30, "", "periods after STORE (6 s)")
    values_after: int = quantity(1, "", "whether bits are shown in these, 1 or 0")

    name: ClassVar[str] = "decoding of store-recall"
    title: ClassVar[str] = "Store-recall: the stored bit in eligibility traces"
    updates: ClassVar[tuple[int, ...]] = (0, 25, 75, 200)
    label: ClassVar[str] = "stored bit"
    origin: ClassVar[str] = "STORE"
    paper_result: ClassVar[str] = "above 90% up to 4 s after STORE, after 200 updates"

    def __post_init__(self) -> None:
        require_whole(self.periods_after, "periods_after", 1, self.name)
        require_whole(self.values_after, "values_after", 0, self.name)
        super().__post_init__()

    @property
    def test_task(self) -> "StoreRecall":
        """The task with trials of one STORE and the periods after it."""
        task = cast("StoreRecall", self.task)
        return dataclasses.replace(task, n_periods=1 + self.periods_after)

    @property
    def start(self) -> float:
        """The end of STORE."""
        return self.test_task.period

    def draw(self, seed: int, update: int, n_trials: int) -> tuple[Trials, np.ndarray]:
        """STORE in the first period of each trial; the bit shown there is the label."""
        task = self.test_task
        rng = np.random.default_rng([seed, 12, _DECODING, update])
        bit = rng.integers(0, 2, (n_trials, task.n_periods))
        command = np.zeros_like(bit)
        command[:, 0] = STORE
        trials = task.present(bit, command, rng)
        if not self.values_after:
            trials = dataclasses.replace(trials, spike_times={INPUTS: [
                times[times % task.interval < task.period]
                for times in trials.spike_times[INPUTS]]})
        return trials, bit[:, 0]

    def groups(self, plan: NetworkPlan) -> dict[str, tuple[str, ...]]:
        """All synapses onto cells, and parts of them by where they come from and lead to."""
        onto_cells = [each for each in plan.synapses if each.post != READOUT]

        def those(pre_is_input: bool | None = None, post: str | None = None) -> tuple[str, ...]:
            return tuple(each.label for each in onto_cells
                         if pre_is_input in (None, each.pre == INPUTS)
                         and post in (None, each.post))

        found = {
            ALL: those(),
            "recurrent": those(False), "from inputs": those(True),
            "onto adaptive cells": those(post="alif"), "onto LIF cells": those(post="lif"),
            "recurrent, onto adaptive cells": those(False, "alif"),
            "recurrent, onto LIF cells": those(False, "lif"),
            "from inputs, onto adaptive cells": those(True, "alif"),
            "from inputs, onto LIF cells": those(True, "lif")}
        return {name: labels for name, labels in found.items()
                if labels and (name == ALL or labels != found[ALL])}
