"""English text: Jane Austen's six novels, as Debian's package of R's ``janeaustenr`` ships them.

The text is in the public domain. R is not needed, nor need the package be installed: the file that
``apt-get download`` brings is enough.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from pynn_eprop.data.cache import cache_folder
from pynn_eprop.data.debian_package import read_files
from pynn_eprop.data.r_data import read_strings
from pynn_eprop.errors import DataError, MissingDependencyError

PACKAGE = "r-cran-janeaustenr"
NOVELS = ("sensesensibility", "prideprejudice", "mansfieldpark", "emma", "northangerabbey",
          "persuasion")
_INSTALLED = Path("/usr/lib/R/site-library/janeaustenr/data")
_INDEX, _RECORDS = "Rdata.rdx", "Rdata.rdb"


_OWN_TEXT = "give a text of your own (text=..., --text FILE)"


def read_text(path: Path | None = None) -> str:
    """The text of a file: plain text in UTF-8, or that Debian package; without one, the novels.

    The novels are those of the installed package, or of one in the user's cache, downloaded if
    there is neither. Raises :class:`MissingDependencyError` if that is not possible,
    :class:`DataError` for a file that cannot be read.
    """
    if path is None:
        return read_novels()
    if path.suffix == ".deb":
        return _novels_of(read_files(path, {_INDEX, _RECORDS}), path)
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(f"the text {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"the text {path} is not in UTF-8 ({error.reason} at byte "
                        f"{error.start})") from error


def read_novels(instead: str = _OWN_TEXT) -> str:
    """The novels, one after another, in the order in which they were published first.

    They are downloaded if they are not there. instead: what the message says that a user may do who
    cannot have them. Raises as :func:`read_text`.
    """
    place = novels_place()
    if place is None:
        try:
            place = download_novels()
        except MissingDependencyError as error:
            message = f"the novels are missing: {error}; or {instead}"
            raise MissingDependencyError(message) from error
    if place == _INSTALLED:
        try:
            files = {name: (_INSTALLED / name).read_bytes() for name in (_INDEX, _RECORDS)}
        except OSError as error:
            raise DataError(f"{error.filename} cannot be read: {error.strerror}; install "
                            f"{PACKAGE} again") from error
        return _novels_of(files, _INSTALLED)
    return _novels_of(read_files(place, {_INDEX, _RECORDS}), place)


def novels_place() -> Path | None:
    """The folder of the installed package, or the newest downloaded one; None without either."""
    if _INSTALLED.is_dir():
        return _INSTALLED
    downloaded = sorted(cache_folder().glob(f"{PACKAGE}_*.deb"))
    return downloaded[-1] if downloaded else None


def _novels_of(files: dict[str, bytes], place: Path) -> str:
    vectors = read_strings(files[_INDEX], files[_RECORDS])
    missing = [novel for novel in NOVELS if novel not in vectors]
    if missing:
        raise DataError(f"{place} has no novel {missing[0]!r}; it is another package or version")
    return "\n\n".join("\n".join(vectors[novel]) for novel in NOVELS)


def download_novels() -> Path:
    """Download the Debian package into the user's cache; return its file.

    Raises :class:`MissingDependencyError` if that is not possible, :class:`DataError` if what came
    is not the package.
    """
    folder = cache_folder(make=True)
    print(f"Downloading Debian's {PACKAGE} (1.6 MB) into {folder}", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".novels-") as place:
        try:
            done = subprocess.run(["apt-get", "download", PACKAGE], cwd=place, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        except OSError as error:
            raise MissingDependencyError(
                f"apt-get cannot be started ({error.strerror}); with a Debian or Ubuntu elsewhere, "
                f"`apt-get download {PACKAGE}` there and copy the file to {folder}") from error
        packages = sorted(Path(place).glob(f"{PACKAGE}_*.deb"))
        if done.returncode or not packages:
            said = (done.stdout.strip().splitlines() or ["it says nothing"])[-1]
            raise MissingDependencyError(
                f"apt-get download {PACKAGE} failed ({said}); its lists may be old or missing: "
                "`apt-get update` as root, then the same again")
        _novels_of(read_files(packages[-1], {_INDEX, _RECORDS}), packages[-1])
        return packages[-1].replace(folder / packages[-1].name)
