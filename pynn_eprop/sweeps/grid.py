"""The runs that a sweep has: seeds times the points of a grid."""

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pynn_eprop.errors import TaskError
from pynn_eprop.experiments.literals import parse_value, value_text

MOST_SEEDS = 100_000


@dataclass(frozen=True)
class Axis:
    """A name, of an option or parameter, and its values in turn."""

    name: str
    values: tuple[Any, ...]


@dataclass(frozen=True)
class Point:
    """A seed, and a value for each axis, by name."""

    seed: int
    values: tuple[tuple[str, Any], ...] = ()

    @property
    def series(self) -> str:
        """The point without its seed, for tables: ``lr=0.01, rule=e-prop``."""
        return ", ".join(f"{name}={value_text(value)}" for name, value in self.values)

    @property
    def folder(self) -> str:
        """The point as the name of a folder, ``lr=0.01,rule=e-prop,seed=1``."""
        return ",".join(re.sub(r"[^\w=.+-]", "-", part) for part in (
            *(f"{name}={value_text(value)}" for name, value in self.values), f"seed={self.seed}"))


def parse_seeds(text: str) -> tuple[int, ...]:
    """Seeds from text as ``1-5,8``: numbers and ranges, ends included, in that order.

    Raises :class:`TaskError` for other text, seeds twice, and more than 100,000 of them.
    """
    seeds: list[int] = []
    for part in text.split(","):
        found = re.fullmatch(r"\s*(\d+)\s*(?:-\s*(\d+)\s*)?", part)
        if found is None:
            raise TaskError(f"seeds {text!r}: {part!r} is neither a number nor a range such as 1-5")
        first, last = int(found[1]), int(found[2] or found[1])
        if last < first:
            raise TaskError(f"seeds {text!r}: the range {part.strip()!r} is empty")
        if len(seeds) + last - first >= MOST_SEEDS:
            raise TaskError(f"seeds {text!r} are more than {MOST_SEEDS:,}")
        seeds += range(first, last + 1)
    if len(set(seeds)) < len(seeds):
        twice = next(seed for seed in seeds if seeds.count(seed) > 1)
        raise TaskError(f"seeds {text!r} have {twice} twice")
    return tuple(seeds)


def parse_axis(text: str) -> Axis:
    """An axis from text as ``NAME=VALUE,VALUE,...``.

    Commas in brackets and quotes belong to a value. If the text has a semicolon outside of them,
    semicolons part the values, not commas. Raises :class:`TaskError` for other text, and for values
    that are there twice.
    """
    name, equals, rest = text.partition("=")
    if not (name.strip() and equals and rest.strip()):
        raise TaskError(f"grid {text!r} is not of the form NAME=VALUE,VALUE,...")
    parts = _parts(rest, ";")
    if len(parts) == 1:
        parts = _parts(rest, ",")
    if not all(part.strip() for part in parts):
        raise TaskError(f"grid {text!r} has an empty value")
    values = tuple(_value(part.strip()) for part in parts)
    texts = [value_text(value) for value in values]
    if len(set(texts)) < len(texts):
        raise TaskError(f"grid {text!r} has a value twice")
    return Axis(name.strip(), values)


def _value(text: str) -> Any:
    try:
        return parse_value(text)
    except ValueError:
        return text     # as a rule with parameters, or a path


def _parts(text: str, separator: str) -> list[str]:
    """The parts between separators that stand outside brackets and quotes."""
    parts, depth, quote = [""], 0, ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter in "([{":
            depth += 1
        elif letter in ")]}":
            depth -= 1
        elif letter == separator and depth == 0:
            parts.append("")
            continue
        parts[-1] += letter
    return parts


def grid_points(axes: Sequence[Axis], seeds: Iterable[int]) -> Iterator[Point]:
    """All points, seed by seed. Raises :class:`TaskError` for axes of one name."""
    names = [axis.name for axis in axes]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise TaskError(f"grid: {twice} is there twice; give all of its values in one --grid")
    seeds = tuple(seeds)
    for values in itertools.product(*(axis.values for axis in axes)):
        for seed in seeds:
            yield Point(seed, tuple(zip(names, values, strict=True)))
