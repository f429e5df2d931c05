"""The user's cache, and files that appear as a whole."""

from pathlib import Path

import pytest

from pynn_eprop.data.cache import cache_folder, check_writable, write_whole
from pynn_eprop.errors import DataError


def test_where_it_is(monkeypatch, tmp_path):
    """As the XDG base directory specification says; a relative path does not count."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "pynn-eprop"
    assert cache_folder("a", "b") == tmp_path / "pynn-eprop" / "a" / "b"
    monkeypatch.setenv("HOME", str(tmp_path))
    for other in ("", "relative"):
        monkeypatch.setenv("XDG_CACHE_HOME", other)
        assert cache_folder() == tmp_path / ".cache" / "pynn-eprop"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path.home() / ".cache" / "pynn-eprop"


def test_it_is_made_only_if_asked(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert not cache_folder("a").exists()
    assert cache_folder("a", make=True).is_dir()
    (tmp_path / "pynn-eprop" / "b").write_text("a file")
    with pytest.raises(DataError, match=r"b cannot be made \(File exists\); set XDG_CACHE_HOME"):
        cache_folder("b", make=True)


def test_a_file_that_cannot_be_finished_leaves_the_old_one(tmp_path):
    path = tmp_path / "a"
    write_whole(path, lambda file: file.write(b"old"))

    def fail(file):
        file.write(b"new")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_whole(path, fail)
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]
    write_whole(path, lambda file: file.write(b"new"))
    assert path.read_bytes() == b"new"


def test_places_where_no_file_can_be_written(tmp_path):
    for path, why in ((tmp_path / "a" / "b", "there is no folder"), (tmp_path, "it is a folder")):
        for write in (check_writable, lambda path: write_whole(path, lambda file: file.write(b""))):
            with pytest.raises(DataError, match=f"cannot be written: {why}.*; choose another file"):
                write(path)


def test_a_full_disk_is_not_the_users_mistake(tmp_path):
    def full(file):
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left") as caught:
        write_whole(tmp_path / "a", full)
    assert not isinstance(caught.value, DataError) and list(tmp_path.iterdir()) == []
