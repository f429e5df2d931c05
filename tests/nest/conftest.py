"""NEST runs in a process of its own: it keeps one kernel per process, with one state."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest


@pytest.fixture(scope="session")
def process():
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        yield pool


@pytest.fixture
def on_nest(process):
    """Call a function of a module there; its result, or the exception it raised."""
    def call(function, *arguments, **options):
        return process.submit(function, *arguments, **options).result(timeout=300)
    return call
