"""Tasks to train networks on: one folder a task, no simulator.

A task is a frozen dataclass derived from :class:`LossTask`, :class:`ValidatedTask` or
:class:`EpochTask`, with all that is its own: parameters, network, trials, error, figure, rows of
the report, the paper's result.
"""

from pynn_eprop.tasks.epoch_task import EpochTask
from pynn_eprop.tasks.feedback import FEEDBACKS, Feedback, find_feedback
from pynn_eprop.tasks.network_plan import (
    CellsPlan,
    ConnectorPlan,
    FeedbackPlan,
    InputPlan,
    NetworkPlan,
    ReadoutPlan,
    SynapsesPlan,
)
from pynn_eprop.tasks.pattern_generation import PatternGeneration
from pynn_eprop.tasks.quantities import quantity
from pynn_eprop.tasks.registry import TASKS, find_task, register_task
from pynn_eprop.tasks.speech import Speech
from pynn_eprop.tasks.store_recall import StoreRecall
from pynn_eprop.tasks.task import LossTask, Task, ValidatedTask
from pynn_eprop.tasks.trial_record import TrialRecord
from pynn_eprop.tasks.trials import Responses, Trials
from pynn_eprop.tasks.weights import scaled_normal

for _task in (PatternGeneration, StoreRecall, Speech):
    register_task(_task)

__all__ = ["FEEDBACKS", "TASKS", "CellsPlan", "ConnectorPlan", "EpochTask", "Feedback",
           "FeedbackPlan", "InputPlan", "LossTask", "NetworkPlan", "PatternGeneration",
           "ReadoutPlan", "Responses", "Speech", "StoreRecall", "SynapsesPlan", "Task",
           "TrialRecord", "Trials", "ValidatedTask", "find_feedback", "find_task", "quantity",
           "register_task", "scaled_normal"]
