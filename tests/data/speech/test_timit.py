"""A copy of TIMIT: which files make which set, what is missing, what is damaged."""

import io

import numpy as np
import pytest
import soundfile

from pynn_eprop.data.speech import features
from pynn_eprop.data.speech.phn import PHONES
from pynn_eprop.data.speech.timit import (
    N_TRAINING_SPEAKERS,
    TEST_SPEAKERS,
    VALIDATION_SPEAKERS,
    find_files,
    read_timit,
)
from pynn_eprop.errors import DataError
from tests.data.speech import timit_copy
from tests.data.speech.timit_copy import Damage, make_copy, noise, sphere


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return make_copy(tmp_path_factory.mktemp("timit") / "TIMIT")


@pytest.fixture
def damage(whole):
    changes = Damage(whole)
    yield changes
    changes.undo()


@pytest.fixture(scope="module")
def corpus(whole):
    seen = []
    found = read_timit(whole, lambda done, total: seen.append((done, total)))
    assert seen[0] == (1, 4288) and seen[-1] == (4288, 4288)
    return found


def test_the_lists_have_the_papers_sizes():
    """462, 50 and 24 speakers of 8 utterances make the paper's 3696, 400 and 192 sequences."""
    assert (N_TRAINING_SPEAKERS, len(set(VALIDATION_SPEAKERS)), len(set(TEST_SPEAKERS))) == \
        (462, 50, 24)
    assert not set(VALIDATION_SPEAKERS) & set(TEST_SPEAKERS)
    # NIST's core test set: two men and a woman of each of eight regions
    assert [name[0] for name in TEST_SPEAKERS].count("m") == 16
    assert len(PHONES) == len(set(PHONES)) == 61


def test_sets_of_a_whole_copy(corpus):
    assert {name: len(each) for name, each in corpus.sets.items()} == \
        {"train": 3696, "validation": 400, "test": 192}
    assert corpus.source == "TIMIT" and corpus.phones == PHONES
    assert corpus.origin["speakers"] == {"train": 462, "validation": 50, "test": 24}
    assert {each.speaker for each in corpus["test"]} == set(TEST_SPEAKERS)
    assert {each.speaker for each in corpus["validation"]} == set(VALIDATION_SPEAKERS)
    names = {each.name.split("/")[-1] for each in corpus}
    assert names == {name.lower() for name in timit_copy.UTTERANCES if "SA" not in name}


def test_features_and_labels_of_an_utterance(corpus):
    """1600 samples are 8 windows with centres at 200, 360, ...; "sh" starts at 500, "iy" at 900."""
    utterance = corpus["train"][0]
    assert [PHONES[i] for i in utterance.labels] == ["h#"] * 2 + ["sh"] * 3 + ["iy"] * 3
    expected = features.features((noise() / 32768).astype(np.float32))
    np.testing.assert_array_equal(utterance.features, expected)


def test_names_in_small_letters_and_in_a_folder_below(tmp_path, corpus):
    make_copy(tmp_path / "timit" / "data", capitals=False)
    found = find_files(tmp_path)
    assert {name: [each.name for each in files] for name, files in found.items()} == \
        {name: [each.name for each in utterances] for name, utterances in corpus.sets.items()}


def test_folders_that_are_not_a_copy(tmp_path):
    with pytest.raises(DataError, match=r"nothing is not a folder; .* TRAIN and TEST"):
        read_timit(tmp_path / "nothing")
    with pytest.raises(DataError, match="has no folders TRAIN and TEST"):
        read_timit(tmp_path)
    (tmp_path / "TRAIN").mkdir()
    with pytest.raises(DataError, match="has no folders TRAIN and TEST"):
        read_timit(tmp_path)
    (tmp_path / "TEST").mkdir()
    with pytest.raises(DataError, match=r"TRAIN has 0 speakers; 462 are expected.*; "
                                        r".*lacks speaker faks0 of the validation set.*more"):
        read_timit(tmp_path)


def test_a_file_is_missing(damage):
    damage.remove("TRAIN/DR2/FABQ0/SX3.PHN")
    damage.remove("TEST/DR1/FAKS0/SI1002.WAV")
    with pytest.raises(DataError) as caught:
        read_timit(damage.folder)
    assert "not a complete copy" in str(caught.value)
    assert "FABQ0 has no SX3.PHN" in str(caught.value)
    assert "FAKS0 has no SI1002.WAV" in str(caught.value)


def test_an_utterance_is_missing(damage):
    damage.remove("TRAIN/DR2/FABQ0/SX3.PHN")
    damage.remove("TRAIN/DR2/FABQ0/SX3.WAV")
    with pytest.raises(DataError, match="FABQ0 has 7 utterances SI and SX; 8 are expected"):
        read_timit(damage.folder)


def test_speakers_are_missing(damage):
    damage.remove("TRAIN/DR2/FABQ0")
    damage.remove(next(damage.folder.glob("TEST/*/MDAB0")).relative_to(damage.folder))
    with pytest.raises(DataError) as caught:
        read_timit(damage.folder)
    assert "TRAIN has 461 speakers; 462 are expected" in str(caught.value)
    assert "TEST lacks speaker mdab0 of the test set" in str(caught.value)


def test_a_folder_that_is_no_speaker_and_one_that_is_there_twice(damage):
    damage.add("TRAIN/DR1/NOTES")
    damage.add("TRAIN/DR3/FABQ0")
    with pytest.raises(DataError) as caught:
        read_timit(damage.folder)
    assert "NOTES does not have the name of a speaker, like FCJF0" in str(caught.value)
    assert "FABQ0 is there twice" in str(caught.value)


def test_other_speakers_of_test_need_not_be_there(damage):
    damage.remove(next(damage.folder.glob("TEST/*/MZZZ0")).relative_to(damage.folder))
    assert sum(map(len, find_files(damage.folder).values())) == 4288


@pytest.mark.parametrize(("ending", "content", "message"), [
    ("WAV", sphere(noise(), rate=8000), "1 channels at 8000 Hz; one at 16000 Hz is needed"),
    ("WAV", sphere(noise(), channels=2, count=800), "2 channels at 16000 Hz"),
    ("WAV", sphere(noise())[:-200], "is cut off: it has 1500 samples, its header says 1600"),
    ("WAV", sphere(noise())[:500], "header is cut off"),
    ("WAV", sphere(noise(length=300)), "has 300 samples; a window of 400 is the least"),
    ("WAV", b"", "is not a sound in NIST SPHERE or RIFF format"),
    ("WAV", b"not a sound" * 200, "is not a sound in NIST SPHERE or RIFF format"),
    ("PHN", "0 500 h#\n400 1500 sh\n", "line 2: '400 1500 sh' starts before the phone above"),
    ("PHN", "0 500 h#\n500 1500 qu\n", "line 2: '500 1500 qu' has a phone that is not one of"),
    ("PHN", "0 500.5 h#\n", "line 1: '0 500.5 h#' is not of the form 'start end phone'"),
    ("PHN", "0 500 h#\n500 1601 sh\n", "does not end between its start and the end of the sound, "
                                       "at 1600"),
    ("PHN", "", "has no phones"),
    ("PHN", b"0 500 \xe9\n", "cannot be read"),
])
def test_a_damaged_file_is_named(damage, ending, content, message):
    path = damage.replace(f"TRAIN/DR2/FABQ0/SX3.{ending}", content)
    with pytest.raises(DataError) as caught:
        read_timit(damage.folder)
    assert str(path) in str(caught.value) and message in str(caught.value)


def test_a_sound_in_riff_format_is_read_as_well(damage, corpus):
    content = io.BytesIO()
    soundfile.write(content, noise(), 16000, format="WAV", subtype="PCM_16")
    damage.replace("TRAIN/DR2/FABQ0/SI1001.WAV", content.getvalue())
    assert read_timit(damage.folder).checksum == corpus.checksum
