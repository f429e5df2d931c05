"""Fingerprints of a network's parts, by which a checkpoint knows whether it belongs to it."""

import dataclasses
import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from pynn_eprop.errors import CheckpointError
from pynn_eprop.models.network import Network, Settings

# fields that a script may change while it runs, or that a checkpoint holds itself
_FREE = {"target", "target_start", "target_repeats", "bias", "weight", "threads", "largest"}


def fingerprints(network: Network) -> dict[str, str]:
    """A fingerprint of the settings and of each population, projection and learning signal.

    Targets, weights and biases do not count, nor does the number of threads.
    """
    marks = {"settings": _mark(network.settings)}
    every: tuple[tuple[str, Sequence[Any]], ...] = (
        ("population", network.populations), ("projection", network.projections),
        ("learning signal", network.learning_signals))
    for kind, parts in every:
        for index, part in enumerate(parts):
            marks[f"{kind} {index} ({part.label})"] = _mark(part)
    return marks


def check_fingerprints(saved: dict[str, str], network: Network, path: str) -> None:
    """Raise :class:`CheckpointError`, naming the part, unless the network is the one saved."""
    present = fingerprints(network)
    for part in (*saved, *present):
        if part not in present:
            raise CheckpointError(f"{path} belongs to another network: it has a {part}, which is "
                                  "missing here")
        if part not in saved:
            raise CheckpointError(f"{path} belongs to another network: there is no {part} in it")
        if saved[part] != present[part]:
            raise CheckpointError(f"{path} belongs to another network: {part} differs; build the "
                                  "network, with its parameters, as it was when it was saved")


def _mark(part: Any) -> str:
    digest = hashlib.sha256()
    _add(digest, part)
    return digest.hexdigest()[:16]


def _add(digest: Any, value: Any) -> None:
    digest.update(type(value).__name__.encode())
    if isinstance(value, np.ndarray):
        digest.update(str(value.shape).encode())
        digest.update(np.ascontiguousarray(value, dtype=float).data)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            if not (field.name in _FREE and _is_part(value)) and not _is_left_out(field, value):
                digest.update(field.name.encode())
                _add(digest, getattr(value, field.name))
    else:
        digest.update(repr(value).encode())


def _is_left_out(field: Any, value: Any) -> bool:
    """Whether a field is as it was before it existed, so that older files still fit."""
    return (field.name == "backwards" and getattr(value, field.name) is False) \
        or (field.name == "receptor" and getattr(value, field.name) == "")


def _is_part(value: Any) -> bool:
    """Whether the free fields are left out of this; feedback weights, for one, count."""
    return isinstance(value, Settings) or hasattr(value, "label")
