"""What registers of users' classes have in common."""

import sys


def is_read_again(kind: type, known: type) -> bool:
    """Whether a class is a known one again, because its module or file was read once more.

    A script that names itself as a plugin is read as ``__main__`` and as a module.
    """
    def source(of: type) -> str:
        return getattr(sys.modules.get(of.__module__), "__file__", None) or of.__module__

    return kind.__qualname__ == known.__qualname__ and source(kind) == source(known)
