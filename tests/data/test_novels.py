"""The text to be spoken: the novels, or a file."""

import pytest

from pynn_eprop.data import novels
from pynn_eprop.data.novels import NOVELS, PACKAGE, read_novels, read_text
from pynn_eprop.errors import DataError, MissingDependencyError
from tests.data.packages import database, debian_package, strings

SMALL = database({name: strings([f"{name} begins", "and ends"]) for name in NOVELS})


def package(files=SMALL):
    return debian_package({"usr/lib/R/x/Rdata.rdx": files[0], "usr/lib/R/x/Rdata.rdb": files[1]})


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Neither the installed package nor the user's cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(novels, "_INSTALLED", tmp_path / "R")
    (tmp_path / "pynn-eprop").mkdir()
    return tmp_path / "pynn-eprop"


def small_text():
    return "\n\n".join(f"{name} begins\nand ends" for name in NOVELS)


def test_the_novels_themselves():
    """The package's documentation: six novels; first and last words as printed."""
    try:
        text = read_novels()
    except MissingDependencyError as error:
        pytest.skip(str(error))
    assert len(text.split()) > 700_000
    assert text.startswith("SENSE AND SENSIBILITY\n\nby Jane Austen")
    assert "It is a truth universally acknowledged, that a single man in possession" in text
    assert "Emma Woodhouse, handsome, clever, and rich" in text
    assert text.rstrip().endswith("Finis")


def test_a_downloaded_package(cache):
    (cache / f"{PACKAGE}_0.9_all.deb").write_bytes(b"an older one, damaged")
    (cache / f"{PACKAGE}_1.0.0-1_all.deb").write_bytes(package())
    assert read_text() == small_text()


def test_an_installed_package(cache, tmp_path):
    (tmp_path / "R").mkdir()
    for name, content in zip(("Rdata.rdx", "Rdata.rdb"), SMALL, strict=True):
        (tmp_path / "R" / name).write_bytes(content)
    assert read_text() == small_text()
    (tmp_path / "R" / "Rdata.rdb").unlink()
    with pytest.raises(DataError, match=r"Rdata.rdb cannot be read: .*install r-cran-janeaustenr"):
        read_text()


def test_a_package_by_its_file(tmp_path):
    (tmp_path / "a.deb").write_bytes(package())
    assert read_text(tmp_path / "a.deb") == small_text()


def test_another_package(tmp_path):
    (tmp_path / "a.deb").write_bytes(package(database({"other": strings(["text"])})))
    with pytest.raises(DataError, match=r"a.deb has no novel 'sensesensibility'"):
        read_text(tmp_path / "a.deb")


def test_neither(cache):
    with pytest.raises(MissingDependencyError) as caught:
        read_text()
    assert f"(cd '{cache}' && apt-get download {PACKAGE})" in str(caught.value)


def test_a_text(tmp_path):
    (tmp_path / "a.txt").write_bytes("\ufeffEin Café.\n".encode())
    assert read_text(tmp_path / "a.txt") == "Ein Café.\n"
    (tmp_path / "a.txt").write_bytes(b"caf\xe9")
    with pytest.raises(DataError, match=r"a.txt is not in UTF-8 \(.* at byte 3\)"):
        read_text(tmp_path / "a.txt")
    with pytest.raises(DataError, match=r"b.txt cannot be read: No such file"):
        read_text(tmp_path / "b.txt")
    with pytest.raises(DataError, match="cannot be read: Is a directory"):
        read_text(tmp_path)
