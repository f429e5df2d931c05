"""Fetches PyNN's own system scenarios from its source distribution.

Run it as ``python evidence/shared/scenarios/fetch.py``; it leaves them in ``build/scenarios/`` (not
part of the repository), and does nothing if they are there already.
"""

import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

VERSION = "0.13.0"
FOLDER = Path(__file__).parents[3] / "build/scenarios"
MARK = FOLDER / f"pynn-{VERSION}"
_INSIDE = "test/system/scenarios/"


def fetch() -> None:
    """Download the source distribution with pip and take the scenarios out of it."""
    if MARK.exists():
        return
    with tempfile.TemporaryDirectory() as download:
        subprocess.run([sys.executable, "-m", "pip", "--disable-pip-version-check", "-q",
                        "download", "--no-binary", ":all:", "--no-deps", "-d", download,
                        f"pynn=={VERSION}"], check=True)
        (archive,) = Path(download).glob("*.tar.gz")
        shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir(parents=True)
        with tarfile.open(archive) as files:
            for member in files.getmembers():
                _, _, name = member.name.partition(_INSIDE)
                if member.isfile() and name.endswith(".py") and "/" not in name:
                    content = files.extractfile(member)
                    assert content is not None
                    (FOLDER / name).write_bytes(content.read())
    MARK.touch()


if __name__ == "__main__":
    fetch()
