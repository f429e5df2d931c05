"""The corpus of a task, read once in a process."""

import sys
from functools import lru_cache

from tqdm import tqdm

from pynn_eprop.data.speech import Corpus, read_speech


@lru_cache(maxsize=2)
def corpus_of(data: str, scaling: str) -> Corpus:
    """The corpus in a folder or file, or the one that is made if ``data`` is empty.

    A bar on a terminal shows how far it is. Raises :class:`DataError` or
    :class:`MissingDependencyError`.
    """
    with tqdm(desc="speech", unit="utterance", dynamic_ncols=True, file=sys.stderr, disable=None,
              delay=1.0) as bar:
        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        return read_speech(data or None, scaling=scaling, progress=show)
