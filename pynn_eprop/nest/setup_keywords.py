"""Checks of ``setup()`` keywords for NEST, before anything is set up."""

import math
from collections.abc import Iterable, Mapping
from numbers import Integral
from typing import Any

import nest

from pynn_eprop.common.arguments.setup import SharedOptions, check_count
from pynn_eprop.common.expansion.memory import physical_memory
from pynn_eprop.errors import SetupError, UnsupportedError
from pynn_eprop.models.time_grid import STEP_TOLERANCE, to_ms

TIC = 0.001         # ms: NEST counts time in these
LONGEST_STEP = 1e6  # ms: beyond, times of a few thousand steps are not exact in NEST's numbers
LARGEST_SEED = 2 ** 32 - 1
_BYTES_PER_STEP = 32    # of a cell's ring buffers, per step of the longest delay
_SEEDS = ("rng_seed", "grng_seed", "rng_seeds_seed")


def check_keywords(options: SharedOptions, own: Mapping[str, Any]) -> None:
    """Raise :class:`SetupError`, or :class:`UnsupportedError` for what other backends can do.

    ``own``: keywords of this backend.
    """
    _check_time_step(options.timestep)
    _check_longest_delay(options)
    for name in ("threads", "recording_precision"):
        if name in own:
            check_count(name, own[name])
    for name in _SEEDS:
        if name in own:
            _check_seed(name, own[name])
    if "rng_seeds" in own:
        seeds = own["rng_seeds"]
        if not isinstance(seeds, Iterable) or isinstance(seeds, str) or not list(seeds):
            raise SetupError(f"setup(): rng_seeds={seeds!r} must be a list of whole numbers; NEST "
                             "has one seed, and the first of them becomes it")
        for seed in seeds:
            _check_seed("rng_seeds", seed)
    _check_choice("verbosity", own, [level.lower() for level in nest.VerbosityLevel.__members__])
    _check_choice("rng_type", own, nest.rng_types)
    _check_choice("spike_precision", own, ["on_grid", "off_grid"])


def _check_time_step(timestep: float) -> None:
    if timestep > LONGEST_STEP:
        raise UnsupportedError(f"setup(): timestep={timestep!r} ms is too long for NEST's clock; "
                               f"the longest is {LONGEST_STEP:g} ms")
    tics = timestep / TIC
    if abs(tics - round(tics)) > STEP_TOLERANCE or not round(tics):
        near = [f"{to_ms(count, TIC):g}" for count in (math.floor(tics), math.ceil(tics)) if count]
        raise UnsupportedError(
            f"setup(): timestep={timestep!r} ms is not a whole number of the tics of {TIC:g} ms in "
            f"which NEST counts time; choose {' or '.join(near)} ms, or another backend")


def _check_longest_delay(options: SharedOptions) -> None:
    delays = [float(delay) for delay in (options.min_delay, options.max_delay) if delay != "auto"]
    steps = max(delays, default=0.0) / options.timestep
    needed, present = steps * _BYTES_PER_STEP, physical_memory()
    if needed > present:
        raise SetupError(f"setup(): min_delay={options.min_delay}, max_delay={options.max_delay} "
                         f"ms: for delays of {steps:.3g} time steps NEST needs "
                         f"{needed / 1e9:.3g} GB of memory for each cell, but this computer has "
                         f"{present / 1e9:.3g} GB; choose shorter ones")


def _check_seed(name: str, seed: Any) -> None:
    whole = isinstance(seed, Integral) and not isinstance(seed, bool)
    if not whole or not 1 <= seed <= LARGEST_SEED:
        raise SetupError(f"setup(): {name}={seed!r} must be a whole number in 1..{LARGEST_SEED}")


def _check_choice(name: str, own: Mapping[str, Any], choices: Iterable[str]) -> None:
    if name not in own:
        return
    value, valid = own[name], list(choices)
    if not isinstance(value, str) or (value.lower() if name == "verbosity" else value) not in valid:
        raise SetupError(f"setup(): {name}={value!r} is unknown; choose one of {valid}")
