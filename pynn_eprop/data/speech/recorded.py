"""A small set of recorded speech."""
from pynn_eprop.data.speech.corpus import Corpus


def add_recorded(corpus: Corpus) -> Corpus:
    """TODO."""
    raise NotImplementedError
