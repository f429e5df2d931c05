"""Character vectors in the data of an installed R package, without R.

An R package keeps its data sets in a database of two files. ``Rdata.rdx`` is a compressed list in
R's serialisation ("R Internals", section "Serialization Formats", XDR): by variable, offset and
length of its record in ``Rdata.rdb``. A record is four bytes of length and the variable, serialised
and compressed with zlib.
"""

import struct
import zlib
from typing import Any

from pynn_eprop.errors import DataError

_SYMBOL, _PAIRS, _STRING = 1, 2, 9
_LOGICALS, _INTEGERS, _REALS, _STRINGS, _LIST = 10, 13, 14, 16, 19
_REFERENCE, _NIL = 255, 254
_HAS_ATTRIBUTES, _HAS_TAG = 1 << 9, 1 << 10     # in the flags of an item; bits 0-7 are its type
_MISSING = -1                                   # the length of R's NA_character_
_NAMES = "names"


def read_strings(rdx: bytes, rdb: bytes) -> dict[str, list[str]]:
    """The character vectors of a database by their names; other variables are left out.

    Raises :class:`DataError` for files that are damaged or of another kind.
    """
    try:
        places = _unserialise(zlib.decompress(rdx, wbits=47))["variables"]
        vectors = {}
        for name, (offset, length) in places.items():
            record = rdb[offset:offset + length]
            if len(record) != length or length <= 4:
                raise ValueError(f"the record of {name} lies outside the file")
            value = _unserialise(zlib.decompress(record[4:]))
            if isinstance(value, list) and all(isinstance(each, str) for each in value):
                vectors[name] = value
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError,
            struct.error, zlib.error, MemoryError) as error:
        raise DataError(f"the data of an R package cannot be read ({error}); install it "
                        "again") from error
    return vectors


def _unserialise(data: bytes) -> Any:
    reader = _Reader(data)
    if data[:2] != b"X\n":
        raise ValueError("not R's serialisation in XDR")
    version = reader.skip(2).integer()
    reader.skip(8)                      # versions of R
    if version == 3:
        reader.skip(reader.integer())   # name of the native encoding
    elif version != 2:
        raise ValueError(f"version {version} of R's serialisation")
    return reader.item()


class _Reader:
    """Reads one item after another."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._references: list[str] = []

    def skip(self, n: int) -> "_Reader":
        self.take(n)
        return self

    def take(self, n: int) -> bytes:
        if n < 0 or self._at + n > len(self._data):
            raise ValueError("it ends too early")
        self._at += n
        return self._data[self._at - n:self._at]

    def integer(self) -> int:
        return int(struct.unpack(">i", self.take(4))[0])

    def item(self) -> Any:
        """A list as dict if it has names; vectors as lists; a missing string as ""."""
        flags = self.integer()
        kind = flags & 0xff
        if kind == _NIL:
            return None
        if kind == _REFERENCE:
            return self._references[(flags >> 8 or self.integer()) - 1]
        if kind == _SYMBOL:
            name = self.item()
            self._references.append(name)
            return name
        if kind == _STRING:
            length = self.integer()
            return "" if length == _MISSING else self.take(length).decode("utf-8", "replace")
        if kind == _PAIRS:
            return self._pairs(flags)
        value = self._vector(kind)
        names = (self.item() or {}).get(_NAMES) if flags & _HAS_ATTRIBUTES else None
        return dict(zip(names, value, strict=True)) if names else value

    def _pairs(self, flags: int) -> dict[str, Any]:
        pairs: dict[str, Any] = {}
        while flags & 0xff == _PAIRS:
            if flags & _HAS_ATTRIBUTES:
                self.item()
            tag = self.item() if flags & _HAS_TAG else ""
            pairs[tag] = self.item()
            flags = self.integer()
        return pairs

    def _vector(self, kind: int) -> list[Any]:
        length = self.integer()
        if kind in (_LOGICALS, _INTEGERS):
            return list(struct.unpack(f">{length}i", self.take(4 * length)))
        if kind == _REALS:
            return list(struct.unpack(f">{length}d", self.take(8 * length)))
        if kind in (_STRINGS, _LIST):
            return [self.item() for _ in range(length)]
        raise ValueError(f"an item of type {kind} is not a list, nor numbers or strings")
