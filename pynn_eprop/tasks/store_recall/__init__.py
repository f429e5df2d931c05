"""Task 1.2 of the paper: store a bit and recall it."""

from pynn_eprop.tasks.store_recall.commands import (
    INPUT_GROUPS,
    NOTHING,
    RECALL,
    STORE,
    StoreRecallTrials,
    draw_commands,
    stored_bit,
)
from pynn_eprop.tasks.store_recall.task import StoreRecall

__all__ = ["INPUT_GROUPS", "NOTHING", "RECALL", "STORE", "StoreRecall", "StoreRecallTrials",
           "draw_commands", "stored_bit"]
