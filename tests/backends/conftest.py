"""All backends, each as it can run: NEST in a process of its own, SpiNNaker on a virtual board."""

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from tests.backends import scripts
from tests.spinnaker.virtual import virtual_board


@pytest.fixture(scope="session")
def nest_process() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        yield pool


@pytest.fixture(params=scripts.BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def on_backend(backend: str, nest_process: ProcessPoolExecutor, tmp_path: Path
               ) -> Callable[..., Any]:
    """Call a script by its name and further arguments."""
    def call(name: str, *arguments: Any) -> Any:
        if backend == "nest":
            return nest_process.submit(scripts.call, backend, name, *arguments).result(timeout=300)
        with virtual_board(tmp_path) if backend == "spinnaker" else nullcontext():
            return scripts.call(backend, name, *arguments)
    return call
