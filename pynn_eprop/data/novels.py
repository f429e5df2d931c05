"""English text: Jane Austen's six novels, as Debian's package of R's ``janeaustenr`` ships them.

The text is in the public domain. R is not needed, nor need the package be installed: the file that
``apt-get download`` brings is enough.
"""

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


def read_text(path: Path | None = None) -> str:
    """The text of a file: plain text in UTF-8, or that Debian package; without one, the novels.

    The novels are those of the installed package, or of a downloaded one in the user's cache.
    Raises :class:`MissingDependencyError` if there is neither, :class:`DataError` for a file that
    cannot be read.
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


def read_novels() -> str:
    """The novels, one after another, in the order in which they were published first."""
    if _INSTALLED.is_dir():
        try:
            files = {name: (_INSTALLED / name).read_bytes() for name in (_INDEX, _RECORDS)}
        except OSError as error:
            raise DataError(f"{error.filename} cannot be read: {error.strerror}; install "
                            f"{PACKAGE} again") from error
        return _novels_of(files, _INSTALLED)
    folder = cache_folder()
    downloaded = sorted(folder.glob(f"{PACKAGE}_*.deb"))
    if not downloaded:
        raise MissingDependencyError(
            f"the text to be spoken is missing; on Debian or Ubuntu: mkdir -p '{folder}' && "
            f"(cd '{folder}' && apt-get download {PACKAGE}), which needs 1.6 MB and no R; "
            f"elsewhere give a text of your own (text=..., --text FILE)")
    return _novels_of(read_files(downloaded[-1], {_INDEX, _RECORDS}), downloaded[-1])


def _novels_of(files: dict[str, bytes], place: Path) -> str:
    vectors = read_strings(files[_INDEX], files[_RECORDS])
    missing = [novel for novel in NOVELS if novel not in vectors]
    if missing:
        raise DataError(f"{place} has no novel {missing[0]!r}; it is another package or version")
    return "\n\n".join("\n".join(vectors[novel]) for novel in NOVELS)
