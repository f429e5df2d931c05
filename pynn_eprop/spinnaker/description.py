"""What runs on the machine's cores, in a form to print and to keep with results."""

from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from pynn_eprop.spinnaker import binaries
from pynn_eprop.spinnaker.binaries.record import OFFICIAL, RUNTIMES, BuildRecord, digest

PACKAGES = ("pynn_eprop", "sPyNNaker", "SpiNNFrontEndCommon", "SpiNNMan", "SpiNNMachine",
            "SpiNNaker_PACMAN", "SpiNNUtilities", "PyNN")
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Description:
    """The programs of SpiNNaker cores, and the packages that load them; its text is a report.

    Attributes
    ----------
    runtime: what the programs stand on: "own", our runtime, or "official", sPyNNaker's libraries;
        "unknown" for programs without a record of their build
    version: of that
    compiler: name and version
    sources: a number (SHA-256) that stands for the programs' sources
    content: the same of the programs themselves; equal if and only if they are, whenever and
        wherever they were built
    programs: their names
    packages: versions of Python packages, by name; None for one that is not installed
    problems: sentences about what does not fit together
    """

    runtime: str
    version: str
    compiler: str
    sources: str
    content: str
    programs: tuple[str, ...]
    packages: dict[str, str | None]
    problems: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """All of it in types that JSON knows."""
        return {**asdict(self), "programs": list(self.programs), "problems": list(self.problems)}

    def __str__(self) -> str:
        rows = {
            "programs": ", ".join(self.programs),
            "on": f"{RUNTIMES.get(self.runtime, self.runtime)} ({self.version})",
            "compiled by": self.compiler,
            "content": self.content,
            "of sources": self.sources,
            "packages": ", ".join(f"{name} {version or 'missing'}"
                                  for name, version in self.packages.items()),
        }
        lines = [f"{name:<12}{text}" for name, text in rows.items()]
        return "\n".join([*lines, *(f"PROBLEM: {text}" for text in self.problems)])


def describe() -> Description:
    """What runs on cores: the programs that the next network is loaded with, and the packages.

    ``print(sim.describe())`` is what to look at before the first run on a board, and to send with a
    report of a fault.

    Raises :class:`pynn_eprop.errors.MissingDependencyError` if no program was built.
    """
    folder = binaries.FOLDER
    names = tuple(sorted(path.stem for path in folder.glob("*.aplx")))
    if not names:
        binaries.binary_path("eprop_neuron")
    record = BuildRecord.read(folder)
    packages = {name: _version(name) for name in PACKAGES}
    images = {name: digest((folder / f"{name}.aplx").read_bytes()) for name in names}
    found = BuildRecord(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, images) if record is None else record
    return Description(
        found.runtime, found.version, found.compiler, found.sources,
        BuildRecord("", "", "", "", images).content(), names, packages,
        (*_changes(record, folder, names), *_versions(found, packages)))


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _changes(record: BuildRecord | None, folder: Path, names: tuple[str, ...]) -> list[str]:
    """Programs that the record does not tell of."""
    if record is None:
        return [f"there is no record of the build in {folder}: build the programs again"]
    changed = [*record.changed(folder), *(name for name in names if name not in record.images)]
    return [f"{', '.join(changed)}: not built with the others; build the programs again"] \
        if changed else []


def _versions(record: BuildRecord, packages: dict[str, str | None]) -> list[str]:
    """Libraries and Python packages that were not made for each other."""
    host = (packages["SpiNNFrontEndCommon"] or "").rpartition("!")[2]
    tag = record.version.partition(",")[0].rpartition(" ")[2]
    if record.runtime != OFFICIAL or not host or "spinnaker_tools" not in record.version \
            or tag == host:
        return []
    return [f"the libraries are at {tag}, and the Python packages at {host}: they must be equal"]
