"""Phone-labelled speech: a corpus in memory, made with flite or read from TIMIT."""

from pynn_eprop.data.speech.corpus import (
    HELD_OUT,
    RECORDED,
    TEST,
    TRAIN,
    VALIDATION,
    Corpus,
    Utterance,
)
from pynn_eprop.data.speech.corpus_file import load_corpus, save_corpus
from pynn_eprop.data.speech.linear_classifier import linear_floor
from pynn_eprop.data.speech.scaling import SCALINGS, scale
from pynn_eprop.data.speech.source import read_speech
from pynn_eprop.data.speech.statistics import Statistics, describe

__all__ = ["HELD_OUT", "RECORDED", "SCALINGS", "TEST", "TRAIN", "VALIDATION", "Corpus",
           "Statistics", "Utterance", "describe", "linear_floor", "load_corpus", "read_speech",
           "save_corpus", "scale"]
