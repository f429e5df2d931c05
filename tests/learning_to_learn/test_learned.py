"""Files of what was learned: read as written; others are refused by name."""

import dataclasses
import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pynn_eprop.common.files.archives import read_archive, write_archive
from pynn_eprop.errors import EPropError, ParameterError, ResultsError, TaskError
from pynn_eprop.learning_to_learn import load_learned, save_learned
from pynn_eprop.learning_to_learn.learned import learned_path
from tests.learning_to_learn.families import tiny, untrained


@pytest.mark.parametrize("module", ["spiking", "linear", "none", "output-error"])
def test_a_file_is_read_as_it_was_written(tmp_path, module):
    learned = untrained(module, "truncated-traces")
    save_learned(tmp_path / "learned.npz", learned)
    for path in (tmp_path / "learned.npz", tmp_path):
        found = load_learned(path)
        assert found.family == learned.family and found.about == learned.about
        assert found.about["module"] == module and found.about["rule"] == "truncated-traces"
        for one, other in ((found.learner_weights, learned.learner_weights),
                           (found.module_weights, learned.module_weights)):
            assert one.keys() == other.keys()
            for name in one:
                np.testing.assert_array_equal(one[name], other[name])


def test_parameters_that_change_no_size_can_be_changed(tmp_path):
    save_learned(tmp_path / "learned.npz", untrained())
    assert load_learned(tmp_path, {"gain": 2.0}).family.gain == 2.0
    with pytest.raises(ResultsError, match=r"'input' of the learner have the shape \(20, 12\); a "
                                           r"network of this size needs \(20, 13\)"):
        load_learned(tmp_path, {"n_neurons": 13})
    with pytest.raises(ResultsError, match=r"'module_input' of the module have the shape"):
        load_learned(tmp_path, {"n_module": 8})
    with pytest.raises(TaskError, match="no parameter 'cells'"):
        load_learned(tmp_path, {"cells": 8})


def test_weights_that_do_not_fit_are_refused():
    learned = untrained()
    weights = dict(learned.learner_weights)
    del weights["recurrent"]
    with pytest.raises(ResultsError, match=r"learner: there are \['input', 'output', 'o"):
        dataclasses.replace(learned, learner_weights=weights)
    weights = {**learned.module_weights, "module_goal": np.full((2, 9), np.nan)}
    with pytest.raises(ResultsError, match="'module_goal' of the module are not all finite"):
        dataclasses.replace(learned, module_weights=weights)


@pytest.mark.parametrize(("change", "error", "message"), [
    ({"format": 99}, ResultsError, "has the format 99; this version reads 1"),
    ({"family": "ballet"}, TaskError, "family 'ballet' is unknown"),
    ({"module": "oracle"}, TaskError, "error module 'oracle' is unknown"),
    ({"parameters": 3}, ResultsError, "is no file of 'pynn-eprop learn'"),
    ({"parameters": {"n_neurons": "many"}}, TaskError, "n_neurons='many' is not a value like"),
    ({"parameters": {"n_neurons": 10 ** 9}}, ResultsError, "a network of this size needs"),
    ({"rule": "guess"}, ParameterError, "rule='guess' is unknown"),
    ({"rule": 5}, TaskError, "rule=5 must be a name"),
    ({"seed": "one"}, TaskError, "seed='one' must be a whole number >= 0"),
])
def test_files_of_other_things_are_refused(tmp_path, change, error, message):
    path = tmp_path / "learned.npz"
    save_learned(path, untrained())
    arrays, about = read_archive(path)
    write_archive(path, arrays, {**about, **change})
    with pytest.raises(error, match=message) as raised:
        load_learned(path)
    assert str(path) in str(raised.value)


@pytest.mark.parametrize("path", [None, 5, "a\0b"])
def test_what_is_not_a_name_of_a_file_is_refused(path):
    with pytest.raises(ResultsError, match="is not the name of a file or folder"):
        load_learned(path)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ResultsError, match="'pynn-eprop learn' makes it"):
        load_learned(tmp_path)
    np.savez(tmp_path / "learned.npz", weights=np.zeros(3))
    with pytest.raises(ResultsError, match="is no file of 'pynn-eprop learn'"):
        load_learned(tmp_path)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damaged_files_are_refused(tmp_path_factory, data):
    """A file with a byte changed or its end missing is the same, or refused: never another."""
    folder = tmp_path_factory.mktemp("learned")
    path = folder / "learned.npz"
    learned = untrained("linear", family=tiny(n_neurons=3))
    save_learned(path, learned)
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        content = content[:place]
    else:
        content[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    try:
        found = load_learned(path)
    except EPropError:
        return
    finally:
        os.unlink(path)
    for name, weight in learned.learner_weights.items():
        np.testing.assert_array_equal(found.learner_weights[name], weight)


def test_a_folder_stands_for_its_file(tmp_path):
    file = tmp_path / "learned.npz"
    for path in (tmp_path, file, str(tmp_path)):
        with pytest.raises(ResultsError, match=r"learned\.npz is not there"):
            learned_path(path)
    save_learned(file, untrained())
    assert learned_path(tmp_path) == learned_path(str(file)) == file
