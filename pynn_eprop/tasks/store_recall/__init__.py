"""Task 1.2 of the paper: store a bit and recall it."""

from pynn_eprop.tasks.store_recall.task import (
    INPUT_GROUPS,
    NOTHING,
    RECALL,
    STORE,
    StoreRecall,
    StoreRecallTrials,
    draw_commands,
    stored_bit,
)

__all__ = ["INPUT_GROUPS", "NOTHING", "RECALL", "STORE", "StoreRecall", "StoreRecallTrials",
           "draw_commands", "stored_bit"]
