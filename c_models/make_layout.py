"""Writes spinnaker/layout.h: the structures that host and core share, from their one description.

Run it from anywhere: python c_models/make_layout.py
"""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

HEADER = Path(__file__).parent / "spinnaker/layout.h"
DESCRIPTION = Path(__file__).parents[1] / "pynn_eprop/spinnaker/memory/layout.py"


def description() -> ModuleType:
    """The module layout.py by itself: the plug-in around it needs sPyNNaker."""
    spec = importlib.util.spec_from_file_location("spinnaker_layout", DESCRIPTION)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _enumeration(kind: Any) -> str:
    name = kind.__name__.upper()
    members = [f"    {name}_{member.name} = {member.value}," for member in kind]
    return "\n".join([f"/*! \\brief {kind.__doc__} */", "enum {", *members,
                      f"    {name}_COUNT = {len(members)}", "};", ""])


def _structure(structure: Any) -> str:
    lines = [f"/*! \\brief {structure.meaning} */", "typedef struct {"]
    for field in structure.fields:
        count = f"[{field.count}]" if field.count > 1 else ""
        lines.append(f"    {field.ctype} {field.name}{count}; /*!< {field.meaning} */")
    lines.append(f"}} {structure.name};")
    dtype = structure.dtype
    lines.append(f"LAYOUT_ASSERT(sizeof({structure.name}) == {dtype.itemsize});")
    for field in structure.fields:
        lines.append(f"LAYOUT_ASSERT(offsetof({structure.name}, {field.name}) == "
                     f"{dtype.fields[field.name][1]});")
    return "\n".join(lines) + "\n"


def header() -> str:
    """The text of the header."""
    layout = description()
    parts = [
        "/*! \\file\n *  \\brief What host and core share; written by c_models/make_layout.py\n"
        " *  from pynn_eprop/spinnaker/memory/layout.py, which has the explanations.\n */\n"
        "#ifndef EPROP_SPINNAKER_LAYOUT_H\n#define EPROP_SPINNAKER_LAYOUT_H\n\n"
        "#include <stddef.h>\n#include <stdint.h>\n\n"
        "#define LAYOUT_ASSERT(condition) _Static_assert(condition, #condition)\n"
        f"#define LAYOUT_VERSION {layout.VERSION}\n#define COLOUR_BITS {layout.COLOUR_BITS}\n"]
    parts += [_enumeration(kind) for kind in layout.ENUMERATIONS]
    parts += [_structure(structure) for structure in layout.STRUCTURES]
    parts.append("#endif\n")
    return "\n".join(parts)


if __name__ == "__main__":
    HEADER.write_text(header())
