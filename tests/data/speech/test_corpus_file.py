"""A corpus written and read; damaged files."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynn_eprop.data.speech import load_corpus, save_corpus, scale
from pynn_eprop.errors import DataError
from tests.data.speech.corpora import small_corpus


def test_it_is_read_back(tmp_path):
    corpus = small_corpus()
    save_corpus(tmp_path / "speech.npz", corpus)
    found = load_corpus(tmp_path / "speech.npz")
    assert (found.source, found.phones, found.checksum, found.scaling) == \
        (corpus.source, corpus.phones, corpus.checksum, "none")
    assert dict(found.origin) == dict(corpus.origin)
    assert {name: len(each) for name, each in found.sets.items()} == \
        {name: len(each) for name, each in corpus.sets.items()}
    for before, after in zip(corpus, found, strict=True):
        assert (before.name, before.speaker) == (after.name, after.speaker)
        np.testing.assert_array_equal(before.features, after.features)
        np.testing.assert_array_equal(before.labels, after.labels)
    assert [path.name for path in tmp_path.iterdir()] == ["speech.npz"]


@given(place=st.floats(0.0, 1.0, exclude_max=True), change=st.integers(1, 255))
def test_a_changed_byte_never_changes_the_corpus(tmp_path_factory, place, change):
    """It is an error, or a byte that means nothing, as a time in the archive."""
    folder = tmp_path_factory.mktemp("changed")
    corpus = small_corpus()
    save_corpus(folder / "speech.npz", corpus)
    data = bytearray((folder / "speech.npz").read_bytes())
    data[int(place * len(data))] ^= change
    (folder / "speech.npz").write_bytes(data)
    try:
        found = load_corpus(folder / "speech.npz")
    except DataError as error:
        assert "speech.npz" in str(error)
    else:
        assert found.checksum == corpus.checksum


@given(share=st.floats(0.0, 1.0, exclude_max=True))
def test_a_file_that_is_cut_off(tmp_path_factory, share):
    path = tmp_path_factory.mktemp("cut") / "speech.npz"
    save_corpus(path, small_corpus())
    data = path.read_bytes()
    path.write_bytes(data[:int(share * len(data))])
    with pytest.raises(DataError, match=r"speech.npz is damaged, or not a corpus of speech"):
        load_corpus(path)


def test_another_file(tmp_path):
    with pytest.raises(DataError, match=r"speech.npz does not exist"):
        load_corpus(tmp_path / "speech.npz")
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    with pytest.raises(DataError, match=r"other.npz is damaged, or not a corpus of speech"):
        load_corpus(tmp_path / "other.npz")
    with pytest.raises(DataError, match="is damaged, or not a corpus of speech"):
        load_corpus(tmp_path)
    (tmp_path / "text").write_text("text")
    with pytest.raises(DataError, match=r"not a corpus of speech \(not an npz file\)"):
        load_corpus(tmp_path / "text")


def test_contents_that_do_not_have_their_checksum(tmp_path):
    corpus = small_corpus()
    save_corpus(tmp_path / "a.npz", corpus)
    with np.load(tmp_path / "a.npz") as file:
        arrays = dict(file)
    arrays["features"] = arrays["features"] + 1
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(DataError, match=r"a.npz is damaged: its contents do not have its checksum"):
        load_corpus(tmp_path / "a.npz")


def test_where_it_cannot_be_written(tmp_path):
    with pytest.raises(DataError, match=r"cannot be written: there is no folder"):
        save_corpus(tmp_path / "none" / "a.npz", small_corpus())
    with pytest.raises(DataError, match="not with scaling 'range'"):
        save_corpus(tmp_path / "a.npz", scale(small_corpus(), "range"))
    assert list(tmp_path.iterdir()) == []
