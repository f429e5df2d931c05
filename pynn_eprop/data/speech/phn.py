"""Phone labels of TIMIT: lines "start end phone" in samples (.PHN files)."""

import re

from pynn_eprop.data.speech.segments import Segments
from pynn_eprop.errors import DataError

PHONES = (
    "aa", "ae", "ah", "ao", "aw", "ax", "ax-h", "axr", "ay", "b", "bcl", "ch", "d", "dcl", "dh",
    "dx", "eh", "el", "em", "en", "eng", "epi", "er", "ey", "f", "g", "gcl", "h#", "hh", "hv", "ih",
    "ix", "iy", "jh", "k", "kcl", "l", "m", "n", "ng", "nx", "ow", "oy", "p", "pau", "pcl", "q",
    "r", "s", "sh", "t", "tcl", "th", "uh", "uw", "ux", "v", "w", "y", "z", "zh")
"""TIMIT's 61 phones."""


def parse_phn(text: str, n_samples: int, file: object) -> Segments:
    """The phones of an utterance of ``n_samples`` samples.

    TIMIT's first phone starts at 0 and its last may end before the sound does. A phone lasts until
    the next one starts, also over a gap. Raises :class:`DataError` with the name of ``file`` and
    the number of the line for anything else.
    """
    starts: list[float] = []
    phones: list[str] = []
    end = 0
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        where = f"{file}, line {number}: {line.strip()!r}"
        parts = line.split()
        if len(parts) != 3 or not all(re.fullmatch("[0-9]{1,12}", part) for part in parts[:2]):
            raise DataError(f"{where} is not of the form 'start end phone', with whole numbers of "
                            "samples")
        start, stop, phone = int(parts[0]), int(parts[1]), parts[2]
        if phone not in PHONES:
            raise DataError(f"{where} has a phone that is not one of TIMIT's 61")
        if not phones and start != 0:
            raise DataError(f"{where} is the first phone and does not start at 0")
        if start < end:
            raise DataError(f"{where} starts before the phone above it ends, at {end}")
        if not start < stop <= n_samples:
            raise DataError(f"{where} does not end between its start and the end of the sound, at "
                            f"{n_samples}")
        starts.append(start)
        phones.append(phone)
        end = stop
    if not phones:
        raise DataError(f"{file} has no phones; lines 'start end phone' are expected")
    return Segments(tuple(starts), tuple(phones))
