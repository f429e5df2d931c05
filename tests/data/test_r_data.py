"""Character vectors from an R package's data."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynn_eprop.data.r_data import read_strings
from pynn_eprop.errors import DataError
from tests.data import packages

TEXTS = st.lists(st.one_of(st.none(), st.text(max_size=30)), max_size=10)


@given(st.dictionaries(st.text("abcxyz", min_size=1, max_size=8), TEXTS, min_size=1, max_size=5),
       st.sampled_from([2, 3]))
def test_vectors_are_read_back(vectors, version):
    """A missing string (NA) is an empty one."""
    files = packages.database({name: packages.strings(values)
                               for name, values in vectors.items()}, version)
    assert read_strings(*files) == {name: [value or "" for value in values]
                                    for name, values in vectors.items()}


def test_variables_that_are_no_text_are_left_out():
    files = packages.database({"numbers": packages.doubles([1.5]), "text": packages.strings(["a"]),
                               "counts": packages.integers([1, 2])})
    assert read_strings(*files) == {"text": ["a"]}


FILES = packages.database({"a": packages.strings(["one line", "another"]),
                           "b": packages.strings([])})


@given(st.sampled_from([0, 1]), st.floats(0.0, 1.0, exclude_max=True))
def test_files_that_are_cut_off(which, share):
    files = list(FILES)
    files[which] = files[which][:int(share * len(files[which]))]
    with pytest.raises(DataError, match="the data of an R package cannot be read"):
        read_strings(*files)


@given(st.binary(max_size=200))
def test_an_index_of_other_items_is_refused_as_ours(data):
    """Whatever it holds, there is no other kind of error."""
    with pytest.raises(DataError):
        read_strings(zlib.compress(packages.serialised(data)), FILES[1])


@pytest.mark.parametrize("index", [b"", b"X\n", packages.serialised(packages.strings(["a"])),
                                   packages.serialised(packages.strings([]), 4),
                                   packages.serialised(packages.integer(3))])
def test_an_index_of_another_kind(index):
    with pytest.raises(DataError):
        read_strings(zlib.compress(index), FILES[1])
    with pytest.raises(DataError):
        read_strings(index, FILES[1])
