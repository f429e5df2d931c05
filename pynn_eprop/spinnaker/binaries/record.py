"""build.json, which says what the programs beside it were built of, and with what.

makefiles/spinnaker/record.sh writes it. This module needs nothing but Python: the installation
reads it, too.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

NAME = "build.json"
OWN, OFFICIAL = "own", "official"
RUNTIMES = {OWN: "our own runtime", OFFICIAL: "the official libraries"}
"""What programs can stand on."""


def digest(image: bytes) -> str:
    """The number (SHA-256) that stands for a program's image."""
    return hashlib.sha256(image).hexdigest()


@dataclass(frozen=True)
class BuildRecord:
    """The build of a folder's programs.

    runtime: "own" or "official", what they stand on. version: of that. compiler: its name and
    version. sources: a number (SHA-256) that stands for the sources. images: the same of each
    program's image, by the program's name.
    """

    runtime: str
    version: str
    compiler: str
    sources: str
    images: dict[str, str]

    @classmethod
    def read(cls, folder: Path) -> "BuildRecord | None":
        """The record in a folder, or None if there is none, or none that can be read."""
        try:
            entries = json.loads((folder / NAME).read_text())
            record = cls(**entries)
            good = record.runtime in RUNTIMES and all(
                isinstance(text, str)
                for text in (record.version, record.compiler, record.sources,
                             *record.images, *record.images.values()))
        except (OSError, ValueError, TypeError, AttributeError):
            return None
        return record if good else None

    def changed(self, folder: Path) -> list[str]:
        """Names of programs whose images in the folder are not those of the build, or missing."""
        return [name for name, expected in sorted(self.images.items())
                if not (folder / f"{name}.aplx").is_file()
                or digest((folder / f"{name}.aplx").read_bytes()) != expected]

    def content(self) -> str:
        """The number (SHA-256) that stands for all programs together, whenever they were built."""
        lines = (f"{name} {image}\n" for name, image in sorted(self.images.items()))
        return digest("".join(lines).encode())
