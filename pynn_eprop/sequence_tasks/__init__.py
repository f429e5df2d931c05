"""Sequences that are learned in intervals (e-prop 3), by name; no simulator."""

from pynn_eprop.sequence_tasks.copy_repeat import CopyRepeat
from pynn_eprop.sequence_tasks.course import Course, Progress
from pynn_eprop.sequence_tasks.curriculum import CurriculumTask, Sequences
from pynn_eprop.sequence_tasks.registry import (
    SEQUENCE_TASKS,
    find_sequence_task,
    register_sequence_task,
)
from pynn_eprop.sequence_tasks.task import ENDS, SequenceTask
from pynn_eprop.sequence_tasks.word_prediction import WordPrediction

for _task in (CopyRepeat, WordPrediction):
    register_sequence_task(_task)

__all__ = ["ENDS", "SEQUENCE_TASKS", "CopyRepeat", "Course", "CurriculumTask", "Progress",
           "SequenceTask", "Sequences", "WordPrediction", "find_sequence_task",
           "register_sequence_task"]
