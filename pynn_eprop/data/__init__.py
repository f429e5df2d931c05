"""Data that networks are trained on: where they are from, how they are checked; no simulator.

``pynn-eprop data NAME`` makes or checks a data set without training.
"""

from pynn_eprop.data.novels_command import NOVELS_DATA
from pynn_eprop.data.registry import DATA_SETS, DataSet
from pynn_eprop.data.speech.command import SPEECH

for _data_set in (SPEECH, NOVELS_DATA):
    DATA_SETS[_data_set.name] = _data_set

__all__ = ["DATA_SETS", "DataSet"]
