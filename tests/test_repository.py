"""Rules of the repository as a whole: layering, paths, one place for each number."""

import ast
import graphlib
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import pynn_eprop
from docs import make_parameters
from pynn_eprop.tasks import TASKS

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "pynn_eprop"
BINARY = {".png", ".npz", ".nix", ".pdf"}

#: Parts that each part of the package may import from (docs/architecture.md).
LAYERS = {
    "errors": set(),
    "models": {"errors"},
    "emulator": {"errors"},
    "reference": {"models", "errors"},
    "functional": {"models", "errors"},
    "intervals": {"functional", "models", "errors"},
    "fixed": {"models", "errors"},
    "engine": {"fixed", "models", "errors"},
    "common": {"fixed", "models", "errors"},
    "in_process": {"common", "fixed", "models", "errors"},
    "host": {"in_process", "common", "fixed", "engine", "reference", "models", "errors"},
    "jax": {"in_process", "common", "functional", "fixed", "models", "errors"},
    "in_the_loop": {"in_process", "common", "functional", "engine", "reference", "models",
                    "errors"},
    "brainscales": {"in_the_loop", "in_process", "common", "fixed", "models", "errors"},
    "nest": {"common", "models", "errors"},
    "brian2": {"common", "models", "errors"},
    "spinnaker": {"common", "fixed", "engine", "models", "emulator", "errors"},
    "plotting": set(),
    "data": {"errors"},
    "tasks": {"plotting", "data", "models", "errors"},
    "backends": {"common", "emulator", "errors"},
    "board_check": {"backends", "emulator", "spinnaker", "models", "errors"},
    "families": {"plotting", "tasks", "models", "errors"},
    "experiments": {"plotting", "tasks", "backends", "common", "models", "errors"},
    "sequence_tasks": {"plotting", "data", "tasks", "families", "intervals", "models", "errors"},
    "interval_training": {"plotting", "sequence_tasks", "intervals", "experiments", "tasks",
                          "common", "models", "errors"},
    "learning_to_learn": {"plotting", "tasks", "families", "backends", "functional", "experiments",
                          "common", "models", "errors"},
    "sweeps": {"plotting", "experiments", "errors"},
    "cli": {"sweeps", "data", "emulator", "experiments", "interval_training", "sequence_tasks",
            "intervals", "learning_to_learn", "families", "tasks", "board_check", "backends",
            "common", "models", "errors"},
}
SIMULATORS = {"pyNN", "nest", "brian2", "spynnaker"}

#: Folders of the package whose modules do not import each other in circles.
ROOMS = sorted({part for part in LAYERS if (PACKAGE / part).is_dir()})
#: Here a task, or a family, draws itself with its figure, which names it in its annotations.
NAMED_FOR_TYPES = {"tasks", "families", "sequence_tasks"}

#: C that stands on its own, and the folders that each may include from: it knows nothing of e-prop.
WING = {"emulator": ("emulator", "threads"), "runtime": ("runtime",), "threads": ("threads",)}


def files() -> list[Path]:
    """Every file that is, or is about to be, part of the repository."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout, so that its files are not known")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, stdout=subprocess.PIPE, check=True,
    ).stdout.decode()
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def imports(path: Path) -> Iterator[str]:
    """Absolute names of the modules that a file imports, wherever in the file."""
    module = path.relative_to(ROOT).with_suffix("").parts
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(module[: len(module) - node.level]) if node.level else ""
            name = ".".join(part for part in (base, node.module) if part)
            # `from pynn_eprop import errors` names a part, `from numpy import pi` does not
            if name == "pynn_eprop":
                yield from (f"{name}.{alias.name}" for alias in node.names)
            else:
                yield name


def part_of(module: str) -> str | None:
    """The part of the package that an absolute module name belongs to, or None."""
    parts = module.split(".")
    return parts[1] if parts[0] == "pynn_eprop" and len(parts) > 1 else None


@pytest.mark.parametrize("part", LAYERS)
def test_imports_go_downwards(part: str) -> None:
    folder = PACKAGE / part
    sources = sorted(folder.rglob("*.py")) if folder.is_dir() else [PACKAGE / f"{part}.py"]
    allowed = LAYERS[part] | {part, "__version__"}
    upward = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in sources for module in imports(path)
        if (other := part_of(module)) is not None and other not in allowed
    ]
    assert upward == []


def test_every_part_has_a_layer() -> None:
    parts = {path.stem for path in PACKAGE.iterdir()
             if (path.is_dir() and (path / "__init__.py").exists()) or path.suffix == ".py"}
    assert parts - {"__init__"} == set(LAYERS)


def modules_of(room: str) -> dict[str, Path]:
    """The modules of a part of the package, by their absolute names."""
    found = {}
    for path in (PACKAGE / room).rglob("*.py"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports_within(room: str) -> dict[str, set[str]]:
    """By module of a room, the others of it that it imports, wherever in the file."""
    modules = modules_of(room)
    graph: dict[str, set[str]] = {name: set() for name in modules}
    for name, path in modules.items():
        tree = ast.parse(path.read_text())
        skipped = {id(inner) for node in ast.walk(tree) if isinstance(node, ast.If)
                   and ast.unparse(node.test) == "TYPE_CHECKING" for inner in ast.walk(node)
                   } if room in NAMED_FOR_TYPES else set[int]()
        for node in ast.walk(tree):
            if id(node) in skipped:
                continue
            if isinstance(node, ast.Import):
                graph[name] |= {alias.name for alias in node.names} & set(modules)
            elif isinstance(node, ast.ImportFrom):
                assert not node.level, f"{path}: imports are absolute"
                for alias in node.names:    # of a package, or one of its modules
                    inner = f"{node.module}.{alias.name}"
                    graph[name] |= {inner if inner in modules else str(node.module)} & set(modules)
        graph[name].discard(name)
    return graph


def circle(graph: dict[str, set[str]]) -> list[str]:
    """A circle of imports, or nothing."""
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return list(error.args[1])
    return []


@pytest.mark.parametrize("room", ROOMS)
def test_modules_of_a_room_import_each_other_in_no_circle(room: str) -> None:
    graph = imports_within(room)
    assert len(graph) > 1
    assert circle(graph) == []


@pytest.mark.parametrize("room", ROOMS)
def test_folders_of_a_room_import_each_other_in_no_circle(room: str) -> None:
    """Modules of ``standardmodels`` count by themselves: PyNN's synapse types name the simulator,
    which knows the cell types."""
    def place(module: str) -> str:
        inner = module.split(".")[2:] or ["__init__"]
        return module if inner[0] == "standardmodels" else inner[0]

    graph: dict[str, set[str]] = {}
    for module, others in imports_within(room).items():
        graph.setdefault(place(module), set()).update(
            place(other) for other in others if place(other) != place(module))
    assert circle(graph) == []


def test_a_circle_is_found() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": set()}) == []
    assert sorted(set(circle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}))) == ["a", "b", "c"]


@pytest.mark.parametrize("folder", WING)
def test_emulator_and_runtime_include_nothing_of_the_kernels(folder: str) -> None:
    """Included files lie in these folders, or belong to the compiler and its libraries."""
    sources = ROOT / "c_models"
    own = {path for name in WING[folder] for path in (sources / name).rglob("*.h")}
    files = [path for path in (sources / folder).rglob("*") if path.suffix in {".c", ".h", ".S"}]
    assert files
    foreign = []
    for path in files:
        for name in re.findall(r'^\s*#\s*include\s*["<]([^">]+)', path.read_text(), re.M):
            places = [path.parent, *{header.parent for header in own}]
            ours = any((place / name).resolve() in own for place in places)
            if not ours and any(header.name == Path(name).name for header in sources.rglob("*.h")):
                foreign.append(f"{path.relative_to(ROOT)} includes {name}")
    assert foreign == []


@pytest.mark.parametrize("part", ["models", "reference", "fixed", "engine", "data", "tasks",
                                  "plotting"])
def test_no_simulator_below_the_backends(part: str) -> None:
    simulators = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in sorted((PACKAGE / part).rglob("*.py")) for module in imports(path)
        if module.split(".")[0] in SIMULATORS
    ]
    assert simulators == []


def test_evidence_benchmarks_and_examples_do_without_the_tests() -> None:
    scripts = [path for folder in ("evidence", "benchmarks", "examples")
               for path in sorted((ROOT / folder).rglob("*.py"))]
    assert len(scripts) > 60
    assert [f"{path.relative_to(ROOT)} imports {module}" for path in scripts
            for module in imports(path) if module.split(".")[0] == "tests"] == []


def test_no_room_but_its_own_knows_a_task() -> None:
    """A task is looked up by name; no parameter, cell type or label of one stands elsewhere."""
    known = re.compile(r"|".join([
        *TASKS, *(name.replace("-", "_") for name in TASKS),
        *(kind.__name__ for kind in TASKS.values()), "EPropALIF", "EPropLIF", "clock_start"]))
    rooms = [*(PACKAGE / "plotting").rglob("*.py"), *(PACKAGE / "experiments").rglob("*.py"),
             PACKAGE / "cli.py"]
    assert [str(path.relative_to(ROOT)) for path in rooms if known.search(path.read_text())] == []


def test_no_room_but_its_own_knows_a_simulator_of_others() -> None:
    """A backend's row says what is particular to NEST, Brian2 or a SpiNNaker board."""
    known = re.compile(r"\b(nest|brian2)\b|[\"'](spinnaker|emulator)[\"']", re.IGNORECASE)
    rooms = [*(PACKAGE / "experiments").rglob("*.py"), *(PACKAGE / "tasks").rglob("*.py"),
             PACKAGE / "cli.py"]
    assert [str(path.relative_to(ROOT)) for path in rooms if known.search(path.read_text())] == []


def test_no_path_of_a_machine() -> None:
    path_of_a_machine = re.compile(r"(?:^|[^A-Za-z0-9_.])/(?:tmp|work|farm|root|home)/", re.M)
    found = [
        str(path.relative_to(ROOT)) for path in files()
        if path.suffix not in BINARY and path != Path(__file__)
        and path_of_a_machine.search(path.read_text(errors="replace"))
    ]
    assert found == []


def test_emulated_boards_of_tests_take_free_addresses() -> None:
    """Another run of the tests on the same computer may have any address that is written down."""
    fixed = re.compile(r"\bBoard\([^)]*address=f?[\"'A-Z]")
    found = [str(path.relative_to(ROOT)) for path in sorted((ROOT / "tests").rglob("*.py"))
             if fixed.search(path.read_text())]
    assert found == []


def test_nothing_large_is_kept() -> None:
    large = {str(path.relative_to(ROOT)): size for path in files()
             if (size := path.stat().st_size) > 1_500_000}
    assert large == {}


def test_parameter_page_is_written_from_the_tables() -> None:
    assert make_parameters.PAGE.read_text() == make_parameters.page(), (
        "run: python -m docs.make_parameters"
    )


def test_version_stands_in_citation_and_changelog() -> None:
    assert f"\nversion: {pynn_eprop.__version__}\n" in (ROOT / "CITATION.cff").read_text()
    headings = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert headings[0] == pynn_eprop.__version__


def test_the_index_leads_to_every_page() -> None:
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"index.md"}
    linked = set(re.findall(r"\]\(([\w-]+\.md)\)", (ROOT / "docs/index.md").read_text()))
    assert pages - linked <= {"emulator-results.md"}, "docs/emulator.md leads to that one"


def test_links_between_pages_lead_somewhere() -> None:
    pages = [path for path in files() if path.suffix == ".md"]
    broken = [
        f"{page.relative_to(ROOT)} -> {link}" for page in pages
        for link in re.findall(r"\]\(([^)#\s]+)\)", page.read_text())
        if "://" not in link and not (page.parent / link).exists()
    ]
    assert broken == []


def test_links_into_pages_lead_to_their_headings() -> None:
    """An anchor is a heading's words in small letters, with hyphens for blanks."""
    pages = [*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")]
    dead = [f"{page.relative_to(ROOT)} -> {link}#{anchor}" for page in pages
            for link, anchor in re.findall(r"\]\(([^)#\s]*)#([^)\s]+)\)", page.read_text())
            if "://" not in link and (link.endswith(".md") or not link)
            and anchor not in _anchors(page.parent / link if link else page)]
    assert dead == []


def _anchors(page: Path) -> set[str]:
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    titles = [re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", title)
              for title in re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_files_that_pages_name_exist() -> None:
    """Of all files in back quotes with a folder; NAME stands for any."""
    roots = [ROOT, PACKAGE, ROOT / "c_models", ROOT / "c_models/include/eprop"]
    missing = [
        f"{page.relative_to(ROOT)}: {name}" for page in files() if page.suffix == ".md"
        for name in re.findall(r"`([\w./-]+/[\w.-]+\.(?:py|h|c|md|sh|mk))`", page.read_text())
        if "NAME" not in name and not any((root / name).exists() for root in (*roots, page.parent))
    ]
    assert missing == []
