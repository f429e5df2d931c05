"""TIMIT, a corpus of recorded speech that users bring: where its files are, and its usual sets.

    TRAIN, TEST / DR1 .. DR8 / SPEAKER / UTTERANCE.WAV, .PHN      names in capitals or not

Each speaker says two sentences SA that all say, which are left out, and eight others, SI and SX.
Training is on all 462 speakers of TRAIN; validation and test are on 50 and 24 of the 168 of TEST:
the development set of Halberstadt (1998) and the core test set of NIST.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pynn_eprop.data.speech.corpus import TEST, TRAIN, VALIDATION, Corpus, Utterance
from pynn_eprop.data.speech.features import describe_features, features
from pynn_eprop.data.speech.phn import PHONES, parse_phn
from pynn_eprop.data.speech.segments import WINDOW, frame_labels
from pynn_eprop.data.speech.sphere import read_sound
from pynn_eprop.errors import DataError

VALIDATION_SPEAKERS = (
    "faks0 fdac1 fjem0 mgwt0 mjar0 mmdb1 mmdm2 mpdf0 fcmh0 fkms0 mbdg0 mbwm0 mcsh0 fadg0 fdms0 "
    "fedw0 mgjf0 mglb0 mrtk0 mtaa0 mtdt0 mthc0 mwjg0 fnmr0 frew0 fsem0 mbns0 mmjr0 mdls0 mdlf0 "
    "mdvc0 mers0 fmah0 fdrw0 mrcs0 mrjm4 fcal1 mmwh0 fjsj0 majc0 mjsw0 mreb0 fgjd0 fjmg0 mroa0 "
    "mteb0 mjfc0 mrjr0 fmml0 mrws1").split()
TEST_SPEAKERS = (
    "mdab0 mwbt0 felc0 mtas1 mwew0 fpas0 mjmp0 mlnt0 fpkt0 mlll0 mtls0 fjlm0 mbpm0 mklt0 fnlp0 "
    "mcmj0 mjdh0 fmgd0 mgrt0 mnjm0 fdhc0 mjln0 mpam0 fmld0").split()
N_TRAINING_SPEAKERS = 462
UTTERANCES_OF_SPEAKER = 8       # without SA1 and SA2

_REGION = re.compile(r"dr[1-8]")
_SPEAKER = re.compile(r"[fm][a-z]{3}[0-9]")
_FILE = re.compile(r"(s[ix][0-9]+)\.(wav|phn)")
_SHOWN = 5                      # problems that an error lists
_DEPTH = 2                      # folders that may lie between the one given and TRAIN

Progress = Callable[[int, int], object]


@dataclass(frozen=True)
class _Files:
    """An utterance's files."""

    name: str
    speaker: str
    sound: Path
    labels: Path


def read_timit(folder: Path, progress: Progress = lambda done, of: None) -> Corpus:
    """The corpus, with all its files checked.

    Raises :class:`DataError` that says which files are missing, or which one is damaged and how.
    """
    sets = find_files(folder)
    total = sum(map(len, sets.values()))
    read: dict[str, tuple[Utterance, ...]] = {}
    done = 0
    for name, files in sets.items():
        utterances = []
        for each in files:
            utterances.append(_read(each))
            done += 1
            progress(done, total)
        read[name] = tuple(utterances)
    origin: dict[str, Any] = {
        "folder": str(folder), "features": describe_features(),
        "speakers": {name: len({each.speaker for each in files}) for name, files in sets.items()}}
    return Corpus("TIMIT", PHONES, read, origin)


def find_files(folder: Path) -> dict[str, list[_Files]]:
    """The files of each set, in the order of their names.

    Raises :class:`DataError` unless all sets are complete; it lists what is missing.
    """
    parts = _find_parts(folder)
    problems: list[str] = []
    training = _speakers(parts["train"], problems)
    others = _speakers(parts["test"], problems)
    if len(training) != N_TRAINING_SPEAKERS:
        problems.append(f"{parts['train']} has {len(training)} speakers; {N_TRAINING_SPEAKERS} are "
                        "expected, in folders DR1 to DR8")
    chosen = {TRAIN: training}
    for name, speakers in ((VALIDATION, VALIDATION_SPEAKERS), (TEST, TEST_SPEAKERS)):
        missing = [speaker for speaker in speakers if speaker not in others]
        problems += [f"{parts['test']} lacks speaker {speaker} of the {name} set"
                     for speaker in missing]
        chosen[name] = {each: others[each] for each in speakers if each in others}
    sets = {name: [files for speaker, place in sorted(speakers.items())
                   for files in _utterances(speaker, place, problems)]
            for name, speakers in chosen.items()}
    if problems:
        more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        raise DataError(f"{folder} is not a complete copy of TIMIT: "
                        f"{'; '.join(problems[:_SHOWN])}{more}")
    return sets


def _find_parts(folder: Path) -> dict[str, Path]:
    """The folders TRAIN and TEST, in the one given or at most two below it."""
    if not folder.is_dir():
        raise DataError(f"{folder} is not a folder; give the folder of a copy of TIMIT, with TRAIN "
                        "and TEST in it")
    places = [folder]
    for _ in range(_DEPTH + 1):
        for place in places:
            parts = {name: path for name, path in _folders(place) if name in ("train", "test")}
            if len(parts) == 2:
                return parts
        places = [path for place in places for _, path in _folders(place)]
    raise DataError(f"{folder} has no folders TRAIN and TEST, nor has a folder in it; give the "
                    "folder of a copy of TIMIT")


def _folders(place: Path) -> list[tuple[str, Path]]:
    """Names in small letters, and paths, of the folders in a folder."""
    try:
        return [(path.name.lower(), path) for path in sorted(place.iterdir()) if path.is_dir()]
    except OSError as error:
        raise DataError(f"{place} cannot be read: {error.strerror}") from error


def _speakers(part: Path, problems: list[str]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for region, place in _folders(part):
        if _REGION.fullmatch(region):
            for speaker, path in _folders(place):
                if not _SPEAKER.fullmatch(speaker):
                    problems.append(f"{path} does not have the name of a speaker, like FCJF0")
                elif speaker in found:
                    problems.append(f"{path} is there twice, also as {found[speaker]}")
                else:
                    found[speaker] = path
    return found


def _utterances(speaker: str, place: Path, problems: list[str]) -> list[_Files]:
    found: dict[str, dict[str, Path]] = {}
    try:
        entries = sorted(place.iterdir())
    except OSError as error:
        raise DataError(f"{place} cannot be read: {error.strerror}") from error
    for path in entries:
        match = _FILE.fullmatch(path.name.lower())
        if match:
            found.setdefault(match[1], {})[match[2]] = path
    if len(found) != UTTERANCES_OF_SPEAKER:
        problems.append(f"{place} has {len(found)} utterances SI and SX; {UTTERANCES_OF_SPEAKER} "
                        "are expected")
    complete = []
    for name, files in sorted(found.items()):
        lacks = [f"{name}.{ending}".upper() for ending in ("wav", "phn") if ending not in files]
        if lacks:
            problems.append(f"{place} has no {lacks[0]}")
        else:
            complete.append(_Files(f"{place.parent.name}/{speaker}/{name}".lower(), speaker,
                                   files["wav"], files["phn"]))
    return complete


def _read(files: _Files) -> Utterance:
    samples = read_sound(files.sound)
    if len(samples) < WINDOW:
        raise DataError(f"{files.sound} has {len(samples)} samples; a window of {WINDOW} is the "
                        "least")
    try:
        text = files.labels.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{files.labels} cannot be read: {error}") from error
    segments = parse_phn(text, len(samples), files.labels)
    channels = features(samples)
    return Utterance(files.name, files.speaker, channels,
                     frame_labels(segments, PHONES, len(channels)))
