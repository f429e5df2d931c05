"""The text of the novels, or of a file."""

import pytest

from pynn_eprop.cli import main
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
    if novels.novels_place() is None:
        pytest.skip("the novels are not there; `pynn-eprop data novels` downloads them")
    text = read_novels()
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


@pytest.fixture
def apt_get(tmp_path, monkeypatch):
    """An ``apt-get`` that does what its argument here says, in a shell."""
    def make(script):
        path = tmp_path / "bin" / "apt-get"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setenv("PATH", str(path.parent), prepend=":")

    return make


def test_the_command_downloads_what_is_missing(cache, tmp_path, apt_get, capsys):
    """Of each novel its name and three words more."""
    (tmp_path / "kept.deb").write_bytes(package())
    apt_get(f'test "$1 $2" = "download {PACKAGE}" && cp {tmp_path}/kept.deb '
            f"{PACKAGE}_1.0.0-1_all.deb")
    assert main(["data", "novels"]) == 0
    there = cache / f"{PACKAGE}_1.0.0-1_all.deb"
    assert capsys.readouterr().out == f"6 novels by Jane Austen, 24 words, from {there}\n"
    assert [path.name for path in cache.iterdir()] == [there.name]
    apt_get("exit 9")       # is not asked again
    assert main(["data", "novels"]) == 0


def test_what_is_missing_is_downloaded_once(cache, tmp_path, apt_get, capsys):
    (tmp_path / "kept.deb").write_bytes(package())
    apt_get(f"cp {tmp_path}/kept.deb {PACKAGE}_1.0.0-1_all.deb")
    assert read_text() == small_text()
    assert capsys.readouterr().err == f"Downloading Debian's {PACKAGE} (1.6 MB) into {cache}\n"
    apt_get("exit 9")
    assert read_text() == small_text()
    assert capsys.readouterr().err == ""


def test_what_cannot_be_downloaded(cache, apt_get):
    apt_get("echo E: no mirror; exit 100")
    with pytest.raises(MissingDependencyError) as caught:
        read_text()
    assert str(caught.value).startswith(
        f"the novels are missing: apt-get download {PACKAGE} failed (E: no mirror)")
    assert str(caught.value).endswith("; or give a text of your own (text=..., --text FILE)")
    with pytest.raises(MissingDependencyError, match=r"; or use paper$"):
        read_novels("use paper")


@pytest.mark.parametrize(("script", "message"), [
    ("echo E: No packages found; exit 100", "failed (E: No packages found); its lists may be old"),
    ("true", "failed (it says nothing)"),
    (f"echo paper > {PACKAGE}_2_all.deb", "cannot be read as a Debian package"),
])
def test_a_download_that_fails(script, message, cache, apt_get, capsys):
    apt_get(script)
    assert main(["data", "novels"]) == 2
    assert message in capsys.readouterr().err
    assert list(cache.iterdir()) == []


def test_no_apt_get(cache, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["data", "novels"]) == 2
    assert "apt-get cannot be started (No such file or directory); with a Debian or Ubuntu " \
        f"elsewhere, `apt-get download {PACKAGE}` there and copy the file to {cache}" in \
        capsys.readouterr().err


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
