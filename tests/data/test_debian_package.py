"""Files in a Debian package."""

import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynn_eprop.data.debian_package import read_files
from pynn_eprop.errors import DataError
from tests.data.packages import debian_package

FILES = {"usr/share/one": b"first", "usr/lib/two.bin": bytes(range(256)) * 3}


def test_files_are_found_by_their_names(tmp_path):
    (tmp_path / "a.deb").write_bytes(debian_package(FILES))
    assert read_files(tmp_path / "a.deb", {"two.bin", "one"}) == \
        {"one": b"first", "two.bin": FILES["usr/lib/two.bin"]}


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="dpkg-deb is not installed")
def test_a_package_that_debians_own_tool_made(tmp_path):
    (tmp_path / "p/DEBIAN").mkdir(parents=True)
    (tmp_path / "p/DEBIAN/control").write_text(
        "Package: p\nVersion: 1\nArchitecture: all\nMaintainer: M <m@example.org>\n"
        "Description: d\n")
    (tmp_path / "p/odd").write_bytes(b"odd length!")
    subprocess.run(["dpkg-deb", "--build", "-Zxz", tmp_path / "p", tmp_path / "p.deb"], check=True,
                   capture_output=True)
    assert read_files(tmp_path / "p.deb", {"odd"}) == {"odd": b"odd length!"}


def test_a_file_that_is_not_in_it(tmp_path):
    (tmp_path / "a.deb").write_bytes(debian_package(FILES))
    with pytest.raises(DataError, match=r"a.deb has no file three; it is another package"):
        read_files(tmp_path / "a.deb", {"one", "three"})


@given(st.floats(0.0, 1.0, exclude_max=True))
def test_a_package_that_is_cut_off(tmp_path_factory, share):
    path = tmp_path_factory.mktemp("deb") / "a.deb"
    data = debian_package(FILES)
    path.write_bytes(data[:int(share * (len(data) - 1))])
    with pytest.raises(DataError, match=r"a.deb (cannot be read|has no file)"):
        read_files(path, {"one"})


@given(st.binary(max_size=300))
def test_other_bytes(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("deb") / "a.deb"
    path.write_bytes(b"!<arch>\n" + data)
    with pytest.raises(DataError):
        read_files(path, {"one"})


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match=r"a.deb cannot be read"):
        read_files(tmp_path / "a.deb", {"one"})
