"""The base class of kinds of cell; an object of a kind describes a population."""

import dataclasses
from dataclasses import dataclass
from typing import ClassVar, Self

from pynn_eprop.models.cells.fields import Given, content, initial_state, parameter_of
from pynn_eprop.models.parameters import Parameter


@dataclass(frozen=True)
class Population:
    """A population of cells of one kind, as machines see it.

    A kind is a subclass. Its fields, made with ``parameter()``, ``initial()`` and ``component()``,
    are also the table that PyNN's cell types, their checks and the documentation read.

    name: of the PyNN cell type. meaning: one line for lists and documentation. receptor_types:
    PyNN's.

    For synapses and signals: emits_spikes, receives (synapses may lead to it), learns (those may be
    plastic), takes_current, from_outside (its spikes or values are given). emits_values: synapses
    may lead from it, and pass on its values. first_emission: the first step whose spikes or values
    belong to an interval. arrives_earlier: by how many steps a spike arrives before
    its delay has passed, as readouts read spikes of the same step. resets: whether it begins each
    interval from its initial values, if the network's boundary is "reset".
    separate_ports: excitatory and inhibitory synapses add to states of their own; otherwise both
    are one signed port.
    """

    label: str
    size: int

    name: ClassVar[str] = ""
    meaning: ClassVar[str] = ""
    receptor_types: ClassVar[tuple[str, ...]] = ()
    emits_spikes: ClassVar[bool] = True
    emits_values: ClassVar[bool] = False
    receives: ClassVar[bool] = True
    learns: ClassVar[bool] = False
    takes_current: ClassVar[bool] = False
    from_outside: ClassVar[bool] = False
    first_emission: ClassVar[int] = 1
    arrives_earlier: ClassVar[int] = 0
    resets: ClassVar[bool] = True
    separate_ports: ClassVar[bool] = False

    @classmethod
    def parameters(cls) -> dict[str, Parameter]:
        """The parameters by name, in the order of the documentation."""
        rows = (parameter_of(entry) for entry in dataclasses.fields(cls))
        return {row.name: row for row in rows if row is not None}

    @classmethod
    def initial_values(cls) -> dict[str, float]:
        """Default initial values of the state variables."""
        return {str(initial_state(entry)): entry.metadata["initial"][0]
                for entry in dataclasses.fields(cls) if "initial" in entry.metadata}

    @classmethod
    def components(cls) -> tuple[str, ...]:
        """Fields that hold objects of the cell type, such as its loss."""
        return tuple(entry.name for entry in dataclasses.fields(cls)
                     if "component" in entry.metadata)

    @classmethod
    def units(cls) -> dict[str, str]:
        """The unit of each variable that can be recorded, in the order of the documentation."""
        return {"spikes": "ms"}

    @classmethod
    def recordable(cls) -> tuple[str, ...]:
        """The variables that can be recorded."""
        return tuple(cls.units())

    @classmethod
    def described(cls, label: str, size: int, given: Given) -> Self:
        """The population as a script describes it."""
        return cls(label, size, **{entry.name: content(entry, given)
                                   for entry in dataclasses.fields(cls)
                                   if entry.name not in ("label", "size")})

    def gradient_depends_on(self) -> tuple[str, ...]:
        """Fields that learning uses when an update ends, so that none may change within one."""
        return ()
