"""What the tests on the ARM core need beside the package."""

import shutil

import pytest


@pytest.fixture(scope="session")
def arm() -> None:
    """The cross compiler and the emulator of the core; tests are skipped without."""
    if shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("no arm-none-eabi-gcc; on Debian: apt-get install gcc-arm-none-eabi")
    pytest.importorskip("unicorn")
