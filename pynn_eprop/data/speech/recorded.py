"""A small set of recorded speech: five sentences of an audiobook, aligned to phones.

The recordings (LibriVox, "Sense and Sensibility", one reader, 25 s) are test data of the recogniser
PocketSphinx in Debian's ``pocketsphinx-testdata``; the recogniser itself, from PyPI, finds where
the phones of the known words are. Its phones are written as flite's.
"""

import re
from pathlib import Path
from typing import Any

from pynn_eprop.data.cache import cache_folder
from pynn_eprop.data.debian_package import read_files
from pynn_eprop.data.speech.corpus import RECORDED, Corpus, Utterance
from pynn_eprop.data.speech.features import features
from pynn_eprop.data.speech.flite import PAUSE, PHONES, pronounce
from pynn_eprop.data.speech.segments import STEP, Segments, frame_labels
from pynn_eprop.data.speech.sphere import decode_sound
from pynn_eprop.errors import DataError, MissingDependencyError

PACKAGE = "pocketsphinx-testdata"
READER = "LibriVox reader"
_INSTALLED = Path("/usr/share/pocketsphinx/test/data/librivox")
_TRANSCRIPTION = "transcription"

_ALIGNER_WINDOW = 410       # samples of its frames, which come each 10 ms, too
_FULL_SCALE = 32767
_UNSTRESSED = ("ah", "ax")  # the aligner has one vowel for flite's two


def add_recorded(corpus: Corpus) -> Corpus:
    """The corpus with one more set of recorded speech.

    Raises :class:`DataError` for a corpus with other phones than flite's,
    :class:`MissingDependencyError` if the recordings or the aligner are missing.
    """
    if corpus.phones != PHONES:
        raise DataError(f"recorded speech is labelled with flite's {len(PHONES)} phones; "
                        f"{corpus.source} has {len(corpus.phones)} others")
    utterances = tuple(_utterance(name, words, sound)
                       for name, (words, sound) in _recordings().items())
    return corpus.with_set(RECORDED, utterances, {
        "recorded": f"LibriVox recordings of {PACKAGE}, aligned with PocketSphinx"})


def check_recorded() -> None:
    """Raise as :func:`add_recorded` if the recordings or the aligner are missing."""
    _recordings()
    _library()


def _recordings() -> dict[str, tuple[list[str], bytes]]:
    """Words and sound file of each recording by its name."""
    if _INSTALLED.is_dir():
        def read(names: set[str]) -> dict[str, bytes]:
            return {name: (_INSTALLED / name).read_bytes() for name in names}
    else:
        folder = cache_folder()
        downloaded = sorted(folder.glob(f"{PACKAGE}_*.deb"))
        if not downloaded:
            raise MissingDependencyError(
                f"the recorded speech is missing; on Debian or Ubuntu: apt-get install {PACKAGE} "
                f"(as root), or mkdir -p '{folder}' && (cd '{folder}' && apt-get download "
                f"{PACKAGE})")

        def read(names: set[str]) -> dict[str, bytes]:
            return read_files(downloaded[-1], names)
    try:
        words = parse_transcription(read({_TRANSCRIPTION})[_TRANSCRIPTION].decode("ascii"))
        sounds = read({f"{name}.wav" for name in words})
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"the recorded speech of {PACKAGE} cannot be read ({error}); install it "
                        "again") from error
    return {name: (words[name], sounds[f"{name}.wav"]) for name in sorted(words)}


def parse_transcription(text: str) -> dict[str, list[str]]:
    """Words by name of the recording, from lines "<s> words </s> (name)".

    Raises :class:`DataError` for another line.
    """
    found = {}
    for line in text.splitlines():
        match = re.fullmatch(r"<s> ([a-z' ]+) </s> \(([\w-]+)\)", line.strip())
        if match is None:
            raise DataError(f"a transcription has the line {line!r}, not '<s> words </s> (name)'")
        found[match[2]] = match[1].split()
    return found


def _utterance(name: str, words: list[str], sound: bytes) -> Utterance:
    samples = decode_sound(sound, name)
    pcm = (samples * _FULL_SCALE).round().astype("<i2").tobytes()
    segments = _segments(_align(words, pcm, name))
    channels = features(samples)
    return Utterance(f"recorded/{name}", READER, channels,
                     frame_labels(segments, PHONES, len(channels)))


def _segments(words: list[tuple[str, list[tuple[str, int]]]]) -> Segments:
    """From words with their phones and first frames of these."""
    starts: list[float] = []
    phones: list[str] = []
    for word, aligned in words:
        names = flite_phones(word, [name for name, _ in aligned])
        phones += names
        # between the centres of two of the aligner's frames
        starts += [frame * STEP + (_ALIGNER_WINDOW - STEP) / 2 for _, frame in aligned]
    return Segments(tuple(starts), tuple(phones))


def flite_phones(word: str, phones: list[str]) -> list[str]:
    """The aligner's phones of a word as flite's; all but letters is a pause.

    AH is flite's "ah" or "ax", as flite says the word; "ah" if it says the word with another number
    of them. Raises :class:`DataError` for a phone that flite does not have.
    """
    names = [phone.lower() if phone.isalpha() and phone != "SIL" else PAUSE for phone in phones]
    unknown = [name for name in names if name not in PHONES]
    if unknown:
        raise DataError(f"the aligner found {unknown[0]!r} in {word!r}, not one of flite's phones")
    places = [i for i, name in enumerate(names) if name in _UNSTRESSED]
    if places:
        said = [name for name in pronounce(word) if name in _UNSTRESSED]
        if len(said) == len(places):
            for i, name in zip(places, said, strict=True):
                names[i] = name
    return names


def _align(words: list[str], pcm: bytes, name: str) -> list[tuple[str, list[tuple[str, int]]]]:
    """Words, also of silence, with phones and their first frames."""
    decoder = _library().Decoder(lm=None, loglevel="FATAL")     # no words but those given
    decoder.set_align_text(" ".join(words))
    _decode(decoder, pcm)
    if decoder.hyp() is None:
        raise DataError(f"{name}: the words cannot be aligned with the recording")
    decoder.set_alignment()
    _decode(decoder, pcm)
    # "to(2)" is the second pronunciation of "to"
    return [(word.name.partition("(")[0], [(phone.name, phone.start) for phone in word])
            for word in decoder.get_alignment()]


def _decode(decoder: Any, pcm: bytes) -> None:
    decoder.start_utt()
    decoder.process_raw(pcm, full_utt=True)
    decoder.end_utt()


def _library() -> Any:
    try:
        import pocketsphinx
    except ImportError as error:
        raise MissingDependencyError("aligning recorded speech needs PocketSphinx: pip install "
                                     "'pynn_eprop[recorded-speech]'") from error
    return pocketsphinx
