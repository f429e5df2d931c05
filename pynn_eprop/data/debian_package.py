"""Files in a Debian package that is not installed: an ``ar`` archive with a tar archive in it."""

import io
import lzma
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from pynn_eprop.errors import DataError

_MAGIC = b"!<arch>\n"
_HEADER = 60            # bytes before each member: name 16, times and owners 32, size 10, mark 2
_MARK = b"`\n"


def read_files(package: Path, names: set[str]) -> dict[str, bytes]:
    """Contents of the files with these names, whatever their folders.

    Raises :class:`DataError` for a file that is not a Debian package, is damaged, or lacks one.
    """
    try:
        data = package.read_bytes()
        found: dict[str, bytes] = {}
        for member, content in _members(data):
            if member.startswith("data.tar"):
                with tarfile.open(fileobj=io.BytesIO(content)) as archive:
                    for entry in archive:
                        name = Path(entry.name).name
                        if entry.isfile() and name in names:
                            file = archive.extractfile(entry)
                            found[name] = file.read() if file else b""
    except (OSError, ValueError, EOFError, tarfile.TarError, lzma.LZMAError, zlib.error) as error:
        raise DataError(f"{package} cannot be read as a Debian package ({error}); download it "
                        "again") from error
    missing = sorted(names - found.keys())
    if missing:
        raise DataError(f"{package} has no file {missing[0]}; it is another package")
    return found


def _members(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Names and contents of an ``ar`` archive's members."""
    if not data.startswith(_MAGIC):
        raise ValueError("it does not begin like one")
    at = len(_MAGIC)
    while at < len(data):
        header = data[at:at + _HEADER]
        if len(header) < _HEADER or not header.endswith(_MARK):
            raise ValueError(f"no archive member at byte {at}")
        size = int(header[48:58])
        start = at + _HEADER
        if size < 0 or start + size > len(data):
            raise ValueError("it ends too early")
        yield header[:16].decode("ascii").strip().rstrip("/"), data[start:start + size]
        at = start + size + size % 2
