"""What an outer loop has learned: weights of learner and error module, in a file."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pynn_eprop.common.files.archives import read_archive, write_archive
from pynn_eprop.errors import CheckpointError, EPropError, ResultsError, TaskError
from pynn_eprop.experiments.rule_names import rule_named
from pynn_eprop.families import Family, find_family
from pynn_eprop.learning_to_learn.error_modules import (
    ErrorModule,
    NetworkModule,
    find_error_module,
    start_of,
)
from pynn_eprop.learning_to_learn.learner import learner_wiring
from pynn_eprop.tasks.quantities import require_whole

FORMAT = 1
_PARTS = ("learner", "module")

Weights = dict[str, np.ndarray]


@dataclass(frozen=True)
class Learned:
    """A learner's first weights, an error module's, and the family that they are for.

    rule: the name of the learning rule of the update. seed, iterations: of the outer loop.
    learner_weights, module_weights: arrays by name, weights of shape (pre, post).
    """

    family: Family
    module: ErrorModule
    rule: str
    seed: int
    iterations: int
    learner_weights: Weights
    module_weights: Weights

    def __post_init__(self) -> None:
        _check("learner", self.learner_weights, learner_wiring(self.family).shapes())
        _check("module", self.module_weights, self._module_shapes())
        for name in ("seed", "iterations"):
            require_whole(getattr(self, name), name, 0, "learned weights")
        if not isinstance(self.rule, str):
            raise TaskError(f"learned weights: rule={self.rule!r} must be a name")
        rule_named(self.rule)

    def _module_shapes(self) -> dict[str, tuple[int, ...]]:
        module = self.module
        if isinstance(module, NetworkModule) and type(module).start is NetworkModule.start:
            return module.checked_wiring(self.family).shapes()      # without drawing any
        expected = start_of(module, self.family, np.random.default_rng(0))
        return {name: np.shape(array) for name, array in expected.items()}

    @property
    def about(self) -> dict[str, Any]:
        """All but the weights, as JSON knows it."""
        return {"format": FORMAT, "family": self.family.name, "parameters": self.family.parameters,
                "module": self.module.name, "rule": self.rule, "seed": self.seed,
                "iterations": self.iterations}


def _check(part: str, found: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Raise :class:`ResultsError` unless the weights have these names and shapes."""
    if set(found) != set(shapes):
        raise ResultsError(f"learned weights of the {part}: there are {sorted(found)}; needed are "
                           f"{sorted(shapes)}")
    for name, shape in shapes.items():
        if np.shape(found[name]) != shape:
            raise ResultsError(f"learned weights {name!r} of the {part} have the shape "
                               f"{np.shape(found[name])}; a network of this size needs {shape}")
        if not np.all(np.isfinite(found[name])):
            raise ResultsError(f"learned weights {name!r} of the {part} are not all finite")


def save_learned(path: Path, learned: Learned) -> None:
    """Write a file, atomically."""
    parts = zip(_PARTS, (learned.learner_weights, learned.module_weights), strict=True)
    write_archive(path, {f"{part}/{name}": np.asarray(array, dtype=float)
                         for part, weights in parts for name, array in weights.items()},
                  learned.about)


def learned_path(path: str | Path) -> Path:
    """The file that is meant: this one, or ``learned.npz`` of this folder.

    Raises :class:`ResultsError` if it is not there.
    """
    if not isinstance(path, (str, os.PathLike)) or "\0" in str(path):
        raise ResultsError(f"{path!r} is not the name of a file or folder")
    path = Path(path)
    if path.is_dir():
        path = path / "learned.npz"
    if not path.exists():
        raise ResultsError(f"{path} is not there; 'pynn-eprop learn' makes it")
    return path


def load_learned(path: str | Path, parameters: Mapping[str, Any] | None = None) -> Learned:
    """Read a file, or ``learned.npz`` of a folder.

    path: of the file or folder, as text or a Path. parameters: of the family, to be changed; they
    may not change a size. Raises :class:`ResultsError` for a file that is not there, damaged, or
    does not fit, and :class:`TaskError` for a family, error module or parameter that is unknown.
    """
    path = learned_path(path)
    try:
        arrays, about = read_archive(path)
        weights: dict[str, Weights] = {part: {} for part in _PARTS}
        for name, array in arrays.items():
            part, _, rest = name.partition("/")
            weights[part][rest] = np.asarray(array, dtype=float)
        kept = {name: tuple(value) if isinstance(value, list) else value
                for name, value in dict(about["parameters"]).items()}
        names = {key: about[key] for key in ("format", "family", "module", "rule", "seed",
                                             "iterations")}
    except CheckpointError as error:
        raise ResultsError(str(error)) from error
    except (KeyError, TypeError, ValueError) as error:
        raise ResultsError(f"{path} is no file of 'pynn-eprop learn' ({type(error).__name__}: "
                           f"{error})") from error
    if names["format"] != FORMAT:
        raise ResultsError(f"{path} has the format {names['format']!r}; this version reads "
                           f"{FORMAT}")
    try:
        family = find_family(names["family"]).of(None, kept | dict(parameters or {}))
        return Learned(family, find_error_module(names["module"]), names["rule"], names["seed"],
                       names["iterations"], weights["learner"], weights["module"])
    except EPropError as error:
        raise type(error)(f"{path}: {error}") from error
