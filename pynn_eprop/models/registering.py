"""Registries of kinds by name: of rules, losses, optimisers and pseudo-derivatives."""

import dataclasses
import sys
from collections.abc import Collection, Mapping
from typing import Generic, TypeVar

from pynn_eprop.errors import EPropError, ParameterError, TaskError, UnsupportedError

Base = TypeVar("Base")
_Found = TypeVar("_Found")
_Kind = TypeVar("_Kind", bound=type)


class Registry(dict[str, type[Base]], Generic[Base]):
    """All registered kinds of something by name, in the order of their registration.

    Parameters
    ----------
    base: the base class; it has ``name``, and its docstring says what a subclass must define
    what: the noun for one, with its article
    keyword: the argument of scripts that takes a name or an object
    methods: those that a class must define
    optional: scripts may give None
    everywhere: the setup that runs every kind, for messages
    """

    def __init__(self, base: type[Base], what: str, keyword: str, methods: tuple[str, ...],
                 optional: bool = False,
                 everywhere: str = "setup(machine='reference') of the host backend") -> None:
        super().__init__()
        self._base, self._what, self._keyword = base, what, keyword
        self._methods, self._optional, self._everywhere = methods, optional, everywhere
        self._word = what.split(maxsplit=1)[1]

    def register(self, kind: _Kind) -> _Kind:
        """Make a class known by its name.

        Raises :class:`ParameterError` for a class that is not of the kind, is incomplete, or has
        no name or that of another.
        """
        checked = self._of_kind(kind)
        owner = f"{self._word} {kind.__name__}"
        name = _name(kind)
        if not name:
            raise ParameterError(f"{owner} has no name; give the class an attribute name")
        check_free(self, name, kind, owner)
        self.check_class(kind, owner)
        self[name] = checked
        return kind

    def _of_kind(self, kind: object) -> type[Base]:
        if not (isinstance(kind, type) and issubclass(kind, self._base)):
            raise ParameterError(f"{kind!r} is not {self._what}; derive a class from "
                                 f"{self._base.__name__}")
        return kind

    def check_class(self, kind: type, owner: str) -> None:
        """Raise :class:`ParameterError` unless a class has all that a registered kind needs."""
        self.check_complete(kind, owner)
        for field in dataclasses.fields(kind):
            if field.init and field.default is dataclasses.MISSING \
                    and field.default_factory is dataclasses.MISSING:
                raise ParameterError(f"{owner}: parameter {field.name!r} has no default; a name "
                                     "stands for an object with the defaults")
        parameters = {field.name for field in dataclasses.fields(kind)}
        for name, annotation in vars(kind).get("__annotations__", {}).items():
            if name not in parameters and "ClassVar" not in str(annotation):
                raise ParameterError(f"{owner}: {name!r} is not a parameter, as the class is not a "
                                     "dataclass; put @dataclass(frozen=True) above it")

    def check_complete(self, kind: type, owner: str) -> None:
        """Raise :class:`ParameterError` unless a class has all that machines call."""
        missing = [method for method in self._methods
                   if getattr(kind, method) is getattr(self._base, method)]
        if missing:
            raise ParameterError(f"{owner} has no {', '.join(missing)}(); see the docstring of "
                                 f"{self._base.__name__}")

    def choices(self) -> list[str]:
        """Names as messages list them."""
        return sorted(self)

    def resolve(self, given: object) -> Base | None:
        """The object meant by a name, an object, or None if that is allowed.

        Raises :class:`ParameterError` for anything else.
        """
        if given is None and self._optional:
            return None
        if isinstance(given, self._base):
            self.check_complete(type(given), f"{self._word} {type(given).__name__}")
            return given
        if isinstance(given, str) and given in self:
            return self[given]()
        other = f"{self._what.split()[0]} {self._base.__name__} object"
        raise ParameterError(f"{self._keyword}={given!r} is unknown; choose one of "
                             f"{self.choices()}, "
                             + (f"{other}, or None" if self._optional else f"or {other}"))

    def check(self, value: Base, known: Collection[type[Base]] | None, owner: str,
              machine: str) -> None:
        """Raise :class:`UnsupportedError` unless ``machine`` knows what ``owner`` has.

        known: classes that it implements itself; a class derived from one of them may behave
        differently. None: it runs any.
        """
        if known is not None and type(value) not in known:
            raise UnsupportedError(
                f"{owner}: {self._word} {(_name(type(value)) or type(value).__name__)!r} is not "
                f"known to {machine}; choose one of {[_name(kind) for kind in known]}, or "
                f"{self._everywhere}, which runs every {self._word}")


def _name(kind: type) -> str:
    name = getattr(kind, "name", "")
    return name if isinstance(name, str) else ""


def check_free(registered: Mapping[str, type], name: str, kind: type, owner: str,
               error: type[EPropError] = ParameterError) -> None:
    """Raise ``error`` if the name stands for another class."""
    known = registered.get(name)
    if known is not None and not _is_read_again(kind, known):
        raise error(f"{owner}: the name {name!r} is taken by "
                    f"{known.__module__}.{known.__qualname__}; choose another")


def find_named(registered: Mapping[str, _Found], name: object, word: str) -> _Found:
    """What is registered by a name. Raises :class:`TaskError` for an unknown one.

    word: the noun for it.
    """
    if isinstance(name, str) and name in registered:
        return registered[name]
    raise TaskError(f"{word} {name!r} is unknown; choose one of {list(registered)}")


def _is_read_again(kind: type, known: type) -> bool:
    """Whether a class is a known one again, because its module or file was read once more.

    A script that names itself as a plugin is read as ``__main__`` and as a module.
    """
    def source(of: type) -> str:
        return getattr(sys.modules.get(of.__module__), "__file__", None) or of.__module__

    return kind.__qualname__ == known.__qualname__ and source(kind) == source(known)
