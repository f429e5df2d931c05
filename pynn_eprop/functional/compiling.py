"""Compiled functions: once for each network and shape, with a notice if it takes long."""

import os
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any

import jax

from pynn_eprop.errors import NetworkError

NOTICE_SECONDS, NOTICE_SECONDS_IN_LOGS = 3.0, 15.0
_KEPT = 64

_compiled: OrderedDict[Hashable, Any] = OrderedDict()


def call(key: Hashable, what: str, function: Callable[..., Any], device: Any, hint: str,
         *arguments: Any) -> Any:
    """The result of a function, which is compiled if it has not been for these shapes.

    key: of the function. what: it in words. hint: on how it would need less memory. Raises
    :class:`NetworkError` if it needs more memory than the device has, before it runs.
    """
    leaves, tree = jax.tree.flatten(arguments)
    shapes = tuple((getattr(leaf, "shape", ()), str(getattr(leaf, "dtype", type(leaf))))
                   for leaf in leaves)
    full = (key, what, str(device), tree, shapes)
    if full not in _compiled:
        with _notice(what):
            compiled = jax.jit(function).lower(*arguments).compile()
        _check_compiled(compiled, what, device, hint)
        _compiled[full] = compiled
        while len(_compiled) > _KEPT:
            _compiled.popitem(last=False)
    _compiled.move_to_end(full)
    return _compiled[full](*arguments)


@contextmanager
def _notice(what: str) -> Iterator[None]:
    """A context that says on standard error what is compiled, if that takes long."""
    done = threading.Event()

    def say() -> None:
        seconds = 0.0
        every = NOTICE_SECONDS if sys.stderr.isatty() else NOTICE_SECONDS_IN_LOGS
        while not done.wait(every):
            seconds += every
            print(f"compiling {what} for JAX, {seconds:.0f} s", file=sys.stderr, flush=True)

    thread = threading.Thread(target=say, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def memory_of(device: Any) -> int:
    """Bytes of memory that a device has."""
    if device.platform == "cpu":
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return int((device.memory_stats() or {}).get("bytes_limit", sys.maxsize))


def check_memory(needed: int, what: str, device: Any, hint: str) -> None:
    """Raise :class:`NetworkError` if something needs more bytes than all of the memory."""
    present = memory_of(device)
    if needed > present:
        raise NetworkError(f"{what} needs {needed / 1e9:.3g} GB of memory, but the device "
                           f"{device} has {present / 1e9:.3g} GB; {hint}")


def _check_compiled(compiled: Any, what: str, device: Any, hint: str) -> None:
    """Raise :class:`NetworkError` if a compiled function needs more than all of the memory."""
    analysis = compiled.memory_analysis()
    if analysis is None:        # not every device gives one
        return
    check_memory(analysis.temp_size_in_bytes + analysis.argument_size_in_bytes
                 + analysis.output_size_in_bytes, what, device, hint)
