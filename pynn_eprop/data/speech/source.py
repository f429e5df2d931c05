"""The corpus that a user means: TIMIT in a folder, a corpus in a file, or speech made now."""

from collections.abc import Callable
from pathlib import Path

from pynn_eprop.data.novels import read_text
from pynn_eprop.data.speech.corpus import RECORDED, Corpus
from pynn_eprop.data.speech.corpus_file import load_corpus
from pynn_eprop.data.speech.made import N_UTTERANCES, make_corpus
from pynn_eprop.data.speech.recorded import add_recorded, check_recorded
from pynn_eprop.data.speech.scaling import NONE, SCALINGS, scale
from pynn_eprop.data.speech.timit import read_timit
from pynn_eprop.errors import DataError

Progress = Callable[[int, int], object]


def read_speech(data: Path | str | None = None, *, scaling: str = NONE,
                text: Path | str | None = None, utterances: int | None = None,
                seed: int | None = None, processes: int | None = None, recorded: bool = False,
                progress: Progress = lambda done, of: None) -> Corpus:
    """A corpus of speech.

    Parameters
    ----------
    data: folder of a copy of TIMIT, or a file that ``save_corpus()`` wrote; None: speech that flite
        makes, kept in the user's cache
    scaling: mapping of the features, "range" as in the paper, "standard" or "none"
    text, utterances, seed, processes: of made speech; None: the novels, 4480, 1, all processors
    recorded: add the set of recorded speech, for made speech only
    progress: called with the number of utterances done and of all

    Raises :class:`DataError` or :class:`MissingDependencyError` that says what is wrong or missing.
    """
    if scaling not in SCALINGS:
        raise DataError(f"scaling={scaling!r} is unknown; choose one of {list(SCALINGS)}")
    if recorded:
        check_recorded()
    if data is not None:
        data = Path(data)
        given = {"text": text, "utterances": utterances, "seed": seed, "processes": processes}
        for name, value in given.items():
            if value is not None:
                raise DataError(f"{name}={value!r} is for speech made with flite; leave it out, or "
                                f"leave out the data {data}")
        if not data.exists():
            raise DataError(f"{data} does not exist; give the folder of a copy of TIMIT, or a file "
                            "that --out or save_corpus() wrote")
        if recorded and data.is_dir():
            raise DataError(f"recorded speech is labelled with flite's phones, not with TIMIT's; "
                            f"leave it out, or leave out the data {data}")
        corpus = read_timit(data, progress) if data.is_dir() else load_corpus(data)
    else:
        words = read_text(None if text is None else Path(text))
        corpus = make_corpus(words, N_UTTERANCES if utterances is None else utterances,
                             1 if seed is None else seed, processes, progress)
    if recorded and RECORDED not in corpus.sets:
        corpus = add_recorded(corpus)
    return scale(corpus, scaling)
