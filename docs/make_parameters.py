"""Writes docs/parameters.md from the tables in pynn_eprop/models.

Run it as ``python -m docs.make_parameters``.

A test fails while the file on disk differs from what this writes.
"""

import dataclasses
import inspect
import math
from collections.abc import Iterable
from pathlib import Path

from pynn_eprop.models import activations, losses, optimizers, pseudo_derivatives
from pynn_eprop.models.cells import (
    ALIFCells,
    AnalogSources,
    ArtificialCells,
    CurrLIFCells,
    LIFCells,
    LSTMCells,
    Population,
    Readouts,
)
from pynn_eprop.models.parameters import Parameter
from pynn_eprop.models.rules import RULES, Rule
from pynn_eprop.models.synapses import SYNAPSE_MODELS

PAGE = Path(__file__).with_name("parameters.md")

HEADER = """\
# Parameters

Written by `python -m docs.make_parameters` from the tables in `pynn_eprop/models`, which every
backend reads. What the parameters do: [equations.md](equations.md); what a script means:
[semantics.md](semantics.md).
"""

_BACKWARDS = ("`backwards`: whether the population runs each trial from its end to its start "
              "([semantics.md](semantics.md))")
_OF_CELLS = ["`pseudo_derivative`: a name or an object, see below", _BACKWARDS]

#: Constructor arguments that are not PyNN parameters, because they are objects or arrays.
COMPONENTS = {
    "EPropLIF": _OF_CELLS,
    "EPropALIF": _OF_CELLS,
    "EPropCurrLIF": _OF_CELLS,
    "EPropArtificial": ["`activation`: a name or an object, see below", _BACKWARDS],
    "EPropLSTM": ["`tanh_output`: whether units pass on h = o tanh(c) rather than h = o c, as "
                  "printed in eq. 36, which has no bound", _BACKWARDS],
    "EPropReadout": [
        "`loss`: a name or an object, see below, or None: the readout only reads out, and its "
        "LearningSignal sends y",
        "`target`: array (readouts, steps), or one `Sequence` per readout; of one interval, which "
        "then repeats, or of the whole run",
        "`bias_optimizer`: None (the bias stays) or an optimiser",
    ],
    "AnalogSource": [
        "`values`: array (cells, frames), (frames,) for all cells alike, or one `Sequence` per "
        "cell; `set()` replaces them between runs",
        "`repeats`: whether the values begin again with each update interval; None: if they end "
        "with it",
    ],
    "EPropSynapse": [
        "`optimizer`: a name or an object, see below, or None: the weights stay",
        "`rule`: a name or an object, see below, of synapses onto cells; None: the weights stay",
        "`w_min`, `w_max`: bounds that weights are clipped to after the optimiser's step",
    ],
    "LearningSignal": [
        "`symmetric=True`: B_jk = W_kj of the one matching forward projection, at every step",
        "`window`: ms after which B is drawn again, with `weight` as standard deviation; the same "
        "sequence in every interval",
    ],
}


MUST_BE_GIVEN = {("LearningSignal", "weight"): "must be given, or `symmetric=True`"}
"""Defaults that PyNN needs and a constructor refuses."""


def markdown_table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _default(value: object) -> str:
    if isinstance(value, float) and math.isnan(value):
        return "one time step"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _range(parameter: Parameter) -> str:
    notes = [parameter.range]
    if parameter.on_grid:
        notes.append("whole time steps")
    if parameter.uniform:
        notes.append("same for the population")
    return ", ".join(notes)


def parameter_table(parameters: dict[str, Parameter], of: str = "") -> str:
    """Name, default, unit, range and meaning."""
    return markdown_table(
        ("name", "default", "unit", "range", "meaning"),
        ((f"`{p.name}`", MUST_BE_GIVEN.get((of, p.name), _default(p.default)), p.unit, _range(p),
          p.meaning) for p in parameters.values()),
    )


def components(name: str) -> str:
    """The constructor's further arguments."""
    lines = COMPONENTS.get(name, [])
    return "\n".join(["Constructor arguments that PyNN does not see as parameters:", "",
                      *(f"- {line}" for line in lines)])


def cell_section(kind: type[Population]) -> str:
    """One cell type."""
    initial = ", ".join(f"`{name}` = {value:g}" for name, value in kind.initial_values().items())
    of_cells = [f"Initial values: {initial}. Receptors: "
                f"{', '.join(f'`{name}`' for name in kind.receptor_types)}."]
    recordable = markdown_table(
        ("recordable", "unit"), ((f"`{name}`", unit) for name, unit in kind.units().items()))
    return "\n\n".join([
        f"### {kind.name}", kind.meaning[0].upper() + kind.meaning[1:] + ".",
        parameter_table(kind.parameters()), components(kind.name),
        *(of_cells if kind.receives else []), recordable,
    ])


def value_section(kind: type) -> str:
    """One rule, optimiser or schedule: its fields with their defaults, and its docstring."""
    rows = []
    for field in dataclasses.fields(kind):
        default = field.default
        if default is dataclasses.MISSING:
            text = "must be given"
        elif default == optimizers.CONSTANT:
            text = "constant rate"
        else:
            text = _default(default)
        rows.append((f"`{field.name}`", text))
    parts = [f"### {kind.__name__}", _docstring(kind)]
    return "\n\n".join([*parts, markdown_table(("name", "default"), rows)] if rows else parts)


def _docstring(documented: object) -> str:
    return "```text\n" + (inspect.getdoc(documented) or "") + "\n```"


def page() -> str:
    """The whole page."""
    sections = [HEADER, "## Cells"]
    sections += [cell_section(kind) for kind in (
        LIFCells, ALIFCells, CurrLIFCells, ArtificialCells, LSTMCells, Readouts, AnalogSources)]
    sections.append("## Synapses")
    for model in SYNAPSE_MODELS.values():
        sections += [f"### {model.name}", model.meaning[0].upper() + model.meaning[1:] + ".",
                     parameter_table(model.parameters, model.name), components(model.name)]
    sections += ["## Learning rules", _docstring(Rule), markdown_table(
        ("name", "class", "trace"),
        ((f"`{name}`", f"`{kind.__name__}`", kind.meaning) for name, kind in RULES.items()))]
    sections += [value_section(kind) for kind in RULES.values()]
    sections += ["## Optimisers", _docstring(optimizers.Optimizer)]
    sections += [value_section(kind)
                 for kind in (*optimizers.OPTIMIZERS.values(), optimizers.StepDecay)]
    sections += ["## Losses", _docstring(losses), _docstring(losses.Loss)]
    sections += ["## Pseudo-derivatives", _docstring(pseudo_derivatives)]
    defaults = pseudo_derivatives.PseudoDerivative()
    sections.append(f"Defaults: `height` = {defaults.height:g}, `width` = {defaults.width:g}.")
    sections += ["## Activation functions", _docstring(activations.Activation), markdown_table(
        ("name", "class", "sigma"),
        ((f"`{name}`", f"`{kind.__name__}`", kind.meaning)
         for name, kind in activations.ACTIVATIONS.items()))]
    return "\n\n".join(section.strip("\n") for section in sections) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page())
