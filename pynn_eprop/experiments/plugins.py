"""Users' own modules, which register rules, tasks and the like by name.

A plugin is a module that calls ``register_cell()``, ``register_rule()``, ``register_loss()``,
``register_optimizer()``, ``register_pseudo_derivative()``, ``register_task()`` or
``register_backend()`` of pynn_eprop when it is imported. It is named on the command line
(``--plugin MODULE``, also a path to a ``.py`` file), or is an entry point of an installed package
in the group :data:`GROUP`, and then needs no option.
"""

import importlib
import importlib.util
import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from pynn_eprop.errors import PluginError

GROUP = "pynn_eprop.plugins"


def load_plugins(names: Iterable[str] = ()) -> None:
    """Import the entry points of installed packages, then the modules and files of ``names``.

    Raises :class:`PluginError`, which names the plugin and its error.
    """
    for point in metadata.entry_points(group=GROUP):
        try:
            point.load()
        except (Exception, SystemExit) as error:
            raise PluginError(f"plugin {point.value!r}, an entry point of an installed package, "
                              f"fails with {_described(error)}") from error
    for name in names:
        _load(name)


def _load(name: str) -> None:
    path = Path(name)
    try:
        if path.suffix == ".py":
            _load_file(path.resolve())
        else:
            if "" not in sys.path:      # a command has its own folder there, not the present one
                sys.path.insert(0, "")
            importlib.import_module(name)
    except (Exception, SystemExit) as error:    # a script without a guard ends the command
        if isinstance(error, ModuleNotFoundError) and error.name == name.partition(".")[0]:
            raise PluginError(f"plugin {name!r} is not found; give a module that Python can "
                              "import from here, or a path to a .py file") from error
        raise PluginError(f"plugin {name!r} fails with {_described(error)}") from error


def _load_file(path: Path) -> None:
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)


def _described(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
