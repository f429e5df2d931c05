"""Ranges of the parameters of PyNN's own cell types; names, defaults and units are PyNN's."""

from pyNN.standardmodels import StandardCellType, cells

from pynn_eprop.models.parameters import Parameter, table

_POSITIVE = {"tau_m", "cm", "tau_syn_E", "tau_syn_I"}
_NOT_NEGATIVE = {"tau_refrac", "rate", "duration"}


def _rows(celltype: type[StandardCellType]) -> dict[str, Parameter]:
    rows = []
    for name, default in celltype.default_parameters.items():
        if name in _POSITIVE | _NOT_NEGATIVE:
            rows.append(Parameter(name, default, celltype.units[name], "as in PyNN", minimum=0.0,
                                  exclusive=name in _POSITIVE))
        elif isinstance(default, float):
            rows.append(Parameter(name, default, celltype.units[name], "as in PyNN"))
    return table(tuple(rows))


TABLES = {celltype.__name__: _rows(celltype)
          for celltype in (cells.IF_curr_exp, cells.IF_curr_delta, cells.SpikeSourcePoisson)}
