"""Writes spinnaker/layout.h: the structures that host and core share, from their one description.

Run it from anywhere: python c_models/make_layout.py
"""

import importlib.util
import sys
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
    sys.modules[spec.name] = module     # dataclasses look there for the types of their fields
    spec.loader.exec_module(module)
    return module


def _enumeration(kind: Any) -> str:
    name = kind.__name__.upper()
    members = [f"    {name}_{member.name} = {member.value}," for member in kind]
    return "\n".join([f"/*! \\brief {kind.__doc__} */", "enum {", *members,
                      f"    {name}_COUNT = {len(members)}", "};", ""])


def _structure(structure: Any) -> str:
    lines = [f"/*! \\brief {structure.meaning} */", "typedef struct {"]
    lines += [f"    {field.ctype} {field.name}; /*!< {field.meaning} */"
              for field in structure.fields]
    lines.append(f"}} {structure.name};")
    return "\n".join(lines) + "\n" + _assertions(structure)


def _assertions(structure: Any) -> str:
    dtype = structure.dtype
    lines = [f"LAYOUT_ASSERT(sizeof({structure.name}) == {dtype.itemsize});"]
    lines += [f"LAYOUT_ASSERT(offsetof({structure.name}, {field.name}) == "
              f"{dtype.fields[field.name][1]});" for field in structure.fields]
    return "\n".join(lines) + "\n"


def _state_row(layout: ModuleType) -> str:
    lines = ["/*! \\brief Learning state of a synapse: its bytes, and those before each array of a "
             "row. */", "enum {"]
    for name, kind in (("SGD", layout.SGD), ("ADAM", layout.ADAM)):
        dtype = layout.lanes_type(layout.STATE_ROW[kind], 1)
        lines += [f"    STATE_{name}_{array.upper()} = {offset},"
                  for array, (_, offset) in dtype.fields.items()]
        lines.append(f"    STATE_{name}_BYTES = {dtype.itemsize},")
    return "\n".join([*lines[:-1], lines[-1].rstrip(","), "};", ""])


def header() -> str:
    """The text of the header."""
    layout = description()
    parts = [
        "/*! \\file\n *  \\brief Layout of host and core; written by c_models/make_layout.py\n"
        " *  from pynn_eprop/spinnaker/memory/layout.py, which has the explanations.\n */\n"
        "#ifndef EPROP_SPINNAKER_LAYOUT_H\n#define EPROP_SPINNAKER_LAYOUT_H\n\n"
        "#include <stddef.h>\n#include <stdint.h>\n\n#include \"eprop/fixed/constants.h\"\n\n"
        "#define LAYOUT_ASSERT(condition) _Static_assert(condition, #condition)\n"
        f"#define LAYOUT_VERSION {layout.VERSION}\n#define COLOUR_BITS {layout.COLOUR_BITS}\n"
        f"#define TALLY_MARK UINT32_C({layout.MARK:#x})\n"]
    parts += [_enumeration(kind) for kind in layout.ENUMERATIONS]
    parts += [_assertions(structure) for structure in layout.KERNEL_STRUCTURES]
    parts += [_structure(structure) for structure in layout.STRUCTURES]
    parts.append(_state_row(layout))
    parts.append("#endif\n")
    return "\n".join(parts)


if __name__ == "__main__":
    HEADER.write_text(header())
