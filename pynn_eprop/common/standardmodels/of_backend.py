"""Classes as a backend's own: a script may not mix those of several backends."""

from typing import Any, TypeVar

_Type = TypeVar("_Type")


def of_backend(kind: type[_Type], module: str, **attributes: Any) -> type[_Type]:
    """A class of the same name and docstring in a backend's ``module``.

    attributes: of the class, if they are others than those of ``kind``.
    """
    return type(kind.__name__, (kind,),
                {"__doc__": kind.__doc__, "__module__": module, **attributes})
