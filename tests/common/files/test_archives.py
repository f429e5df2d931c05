"""Files appear whole or not at all, and damaged ones are refused."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pynn_eprop.common.files import archives
from pynn_eprop.common.files.archives import read_archive, write_archive
from pynn_eprop.errors import CheckpointError

NAMES = st.text(min_size=1, max_size=8).filter(
    lambda name: name.isprintable() and "\\" not in name and not name.endswith("/"))
ARRAYS = hnp.arrays(st.sampled_from([np.float64, np.int32, np.uint8]),
                    hnp.array_shapes(min_dims=0, max_dims=2, max_side=4),
                    elements=st.integers(0, 200))


@given(st.dictionaries(NAMES, ARRAYS, max_size=4))
def test_arrays_come_back_under_any_name(tmp_path_factory, arrays):
    path = tmp_path_factory.mktemp("archive") / "a.npz"
    write_archive(path, arrays, {"format": 1, "label": "clock→network"})
    found, header = read_archive(path)
    assert header == {"format": 1, "label": "clock→network"}
    assert set(found) == set(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype


def test_numpy_reads_it(tmp_path):
    write_archive(tmp_path / "a.npz", {"file": np.arange(3)})
    with np.load(tmp_path / "a.npz") as file:
        assert file["file"].tolist() == [0, 1, 2]


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.npz"
    write_archive(path, {"x": np.arange(3)})

    def fail(descriptor):
        raise OSError("disk full")

    monkeypatch.setattr(archives.os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        write_archive(path, {"x": np.arange(4)})
    assert read_archive(path)[0]["x"].tolist() == [0, 1, 2]
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.npz"]


def test_missing_and_damaged_files_are_refused(tmp_path):
    with pytest.raises(CheckpointError, match="does not exist"):
        read_archive(tmp_path / "no.npz")
    (tmp_path / "text").write_text("not an archive")
    with pytest.raises(CheckpointError, match="damaged, or not a file of this kind") as refused:
        read_archive(tmp_path / "text")
    assert "pickle" not in str(refused.value)       # NumPy's words for it
    write_archive(tmp_path / "whole", {"x": np.arange(1000)})
    content = (tmp_path / "whole").read_bytes()
    (tmp_path / "half").write_bytes(content[:len(content) // 2])
    with pytest.raises(CheckpointError, match="damaged"):
        read_archive(tmp_path / "half")


def test_what_a_killed_process_left_is_removed(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left = tmp_path / f".a.npz.{ended.pid}.partial"
    running = tmp_path / f".a.npz.{os.getppid()}.partial"
    other = tmp_path / f".b.npz.{ended.pid}.partial"
    for path in (left, running, other):
        path.write_bytes(b"half")
    write_archive(tmp_path / "a.npz", {"x": np.arange(3)})
    assert not left.exists() and running.exists() and other.exists()
