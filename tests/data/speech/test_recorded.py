"""Recorded speech, aligned to phones."""

import sys

import numpy as np
import pytest

from pynn_eprop.data.speech import recorded
from pynn_eprop.data.speech.corpus import Corpus
from pynn_eprop.data.speech.flite import PHONES
from pynn_eprop.data.speech.recorded import add_recorded, flite_phones, parse_transcription
from pynn_eprop.errors import DataError, MissingDependencyError
from tests.data.packages import debian_package
from tests.data.speech.corpora import small_corpus, utterance
from tests.data.speech.tools import needs_flite


def training():
    return Corpus("drawn numbers", PHONES,
                  {"train": (utterance("a", np.random.default_rng(1), channels=39),)}, {"seed": 1})


@pytest.fixture(scope="module")
def corpus():
    pytest.importorskip("pocketsphinx")
    try:
        return add_recorded(training())
    except MissingDependencyError as error:
        pytest.skip(str(error))


@needs_flite
def test_five_sentences(corpus):
    """25 s, a frame each 10 ms; lengths of the sounds as the package has them."""
    found = corpus["recorded"]
    assert len(found) == 5
    assert sum(each.n_frames for each in found) == 2463
    assert {each.speaker for each in found} == {"LibriVox reader"}
    assert corpus.origin["seed"] == 1 and "PocketSphinx" in corpus.origin["recorded"]


@needs_flite
def test_phones_of_a_sentence(corpus):
    """"He was not an ill disposed young man", from a dictionary of American English."""
    (found,) = (each for each in corpus["recorded"] if each.name.endswith("0880"))
    phones = [PHONES[i] for i in found.labels]
    spoken = [phone for i, phone in enumerate(phones) if i == 0 or phone != phones[i - 1]]
    assert " ".join(spoken) in {
        f"pau hh iy w {was} z n aa t {an} n ih l d ih s p ow z d y ah ng m ae n pau"
        for was in ("ah", "ax", "aa") for an in ("ah", "ax", "ae")}


@needs_flite
def test_labels_lie_where_the_sound_is(corpus):
    """The logarithm of a window's energy: vowels are loud, pauses are not."""
    for each in corpus["recorded"]:
        phones = np.array(PHONES)[each.labels]
        energy = each.features[:, 0]
        vowels = np.median(energy[np.isin(phones, ["aa", "ae", "ao", "ow", "iy", "ay", "ey"])])
        assert np.median(energy[phones == "pau"]) < vowels - 4.0


@needs_flite
@pytest.mark.parametrize(("word", "aligned", "expected"), [
    ("prudently", ["P", "R", "UW", "D", "AH", "N", "T", "L", "IY"],
     ["p", "r", "uw", "d", "ax", "n", "t", "l", "iy"]),
    ("young", ["Y", "AH", "NG"], ["y", "ah", "ng"]),
    ("much", ["M", "AH", "AH", "CH"], ["m", "ah", "ah", "ch"]),     # not as flite says it
    ("<sil>", ["SIL"], ["pau"]),
    ("[NOISE]", ["+NSN+"], ["pau"]),
])
def test_the_aligners_phones_as_flites(word, aligned, expected):
    assert flite_phones(word, aligned) == expected


def test_a_phone_that_flite_does_not_have():
    with pytest.raises(DataError, match="the aligner found 'qq' in 'word'"):
        flite_phones("word", ["QQ"])


def test_transcriptions():
    assert parse_transcription("<s> he was </s> (a-01)\n<s> it's </s> (b_2)\n") == \
        {"a-01": ["he", "was"], "b_2": ["it's"]}
    for line in ("he was (a)", "<s> he was </s>", "<s> HE </s> (a)", ""):
        with pytest.raises(DataError, match="a transcription has the line"):
            parse_transcription(line + "\n")


def test_a_corpus_of_other_phones():
    with pytest.raises(DataError, match=r"flite's 41 phones; drawn numbers has 3 others"):
        add_recorded(small_corpus())


def test_without_the_recordings(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(recorded, "_INSTALLED", tmp_path / "none")
    with pytest.raises(MissingDependencyError, match="apt-get install pocketsphinx-testdata"):
        add_recorded(training())
    (tmp_path / "pynn-eprop").mkdir()
    (tmp_path / "pynn-eprop" / "pocketsphinx-testdata_1_all.deb").write_bytes(
        debian_package({"transcription": b"<s> he </s> (a)\n"}))
    with pytest.raises(DataError, match=r"has no file a.wav"):
        add_recorded(training())


def test_without_the_aligner(monkeypatch):
    monkeypatch.setitem(sys.modules, "pocketsphinx", None)
    monkeypatch.setattr(recorded, "_recordings", lambda: {"a": (["he"], b"")})
    monkeypatch.setattr(recorded, "decode_sound", lambda data, name: np.zeros(800, np.float32))
    with pytest.raises(MissingDependencyError, match=r"'pynn_eprop\[recorded-speech\]'"):
        add_recorded(training())
