"""Debian packages and data of R packages, written as their formats' descriptions say."""

import io
import struct
import tarfile
import zlib

STRING_FLAGS = 0x00040009       # a string in ASCII


def integer(value):
    return struct.pack(">i", value)


def string(value):
    if value is None:           # NA
        return integer(9) + integer(-1)
    data = value.encode()
    return integer(STRING_FLAGS) + integer(len(data)) + data


def strings(values):
    return integer(16) + integer(len(values)) + b"".join(map(string, values))


def integers(values):
    return integer(13) + integer(len(values)) + b"".join(map(integer, values))


def doubles(values):
    return integer(14) + integer(len(values)) + struct.pack(f">{len(values)}d", *values)


def symbol(name):
    return integer(1) + string(name)


def named_list(names, items, tag):
    """A list with its names as an attribute; ``tag``: the symbol "names", or a reference to it."""
    return (integer(19 | 1 << 9) + integer(len(items)) + b"".join(items)
            + integer(2 | 1 << 10) + tag + strings(names) + integer(254))


def serialised(item, version=2):
    native = integer(5) + b"UTF-8" if version == 3 else b""
    return b"X\n" + integer(version) + integer(0x40201) + integer(0x20300) + native + item


def database(variables, version=2):
    """The files Rdata.rdx and Rdata.rdb of serialised variables."""
    records, places = b"", []
    for item in variables.values():
        data = serialised(item, version)
        record = integer(len(data)) + zlib.compress(data)
        places.append(integers([len(records), len(record)]))
        records += record
    reference = integer(255 | 1 << 8)
    inner = named_list(list(variables), places, symbol("names"))
    empty = integer(19) + integer(0)
    index = named_list(["variables", "references", "compressed"],
                       [inner, empty, integer(10) + integer(1) + integer(1)], reference)
    return zlib.compress(serialised(index, version)), records


def debian_package(files, data_name="data.tar.xz"):
    """An ``ar`` archive with the three members of a package."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:xz") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"./{name}")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    package = b"!<arch>\n"
    for name, content in (("debian-binary", b"2.0\n"), ("control.tar.xz", b"odd"),
                          (data_name, archive.getvalue())):
        package += f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(content):<10}`\n".encode()
        package += content + b"\n" * (len(content) % 2)
    return package
