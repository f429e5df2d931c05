"""Kinds of cell: what a registered one must give, and what its fields become."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

from pynn_eprop import SpikingCells, initial, parameter, register_cell
from pynn_eprop.errors import ParameterError, UnsupportedError
from pynn_eprop.models.cells import (
    CELLS,
    ALIFCells,
    CurrExpCells,
    Given,
    LIFCells,
    Readouts,
    Sources,
    check_kind,
    registry,
    reserve_names,
)
from pynn_eprop.models.pseudo_derivatives import PiecewiseLinear
from tests.own_cells import CurrentLIF, registered


def test_kinds_of_the_package_are_registered_by_the_names_of_their_cell_types():
    assert list(CELLS)[:5] == ["EPropLIF", "EPropALIF", "EPropReadout", "IF_curr_exp",
                               "IF_curr_delta"]


def test_fields_are_the_table_of_parameters_state_and_recordables():
    assert list(ALIFCells.parameters()) == [
        "tau_m", "v_thresh", "beta", "tau_a", "tau_refrac", "f_target", "c_reg"]
    assert ALIFCells.parameters()["tau_refrac"].on_grid
    assert ALIFCells.initial_values() == {"v": 0.0, "a": 0.0}
    assert ALIFCells.recordable() == ("spikes", "v", "a", "h", "learning_signal")
    assert CurrentLIF.recordable() == ("spikes", "i", "v", "h", "learning_signal")
    assert ALIFCells.components() == ("pseudo_derivative", "backwards")
    assert Readouts.recordable() == ("y", "error", "target", "loss")
    assert Sources.recordable() == ("spikes",)


def test_a_description_takes_what_a_script_gave():
    """Times in ms become whole steps, those off the grid (of PyNN's own cells) the next one."""
    given = {name: np.full(2, row.default) for name, row in LIFCells.parameters().items()}
    shape = PiecewiseLinear(0.2)
    cells = LIFCells.described("cells", 2, Given(
        {**given, "tau_refrac": np.array([2.0, 3.1])}, {"v": np.array([0.1, 0.2])},
        {"pseudo_derivative": shape, "backwards": True}, 0.5))
    assert (cells.label, cells.size, cells.pseudo_derivative) == ("cells", 2, shape)
    assert cells.backwards
    assert cells.refractory_steps.tolist() == [4, 7] and cells.refractory_steps.dtype == np.int32
    assert cells.v_initial.tolist() == [0.1, 0.2] and cells.f_target.tolist() == [10.0, 10.0]
    readouts = Readouts.described("out", 2, Given(
        {"tau_m": np.full(2, 12.0), "bias": np.zeros(2)}, {"y": np.zeros(2)},
        dict.fromkeys(Readouts.components()), 0.5))
    assert readouts.tau_m == 12.0 and isinstance(readouts.tau_m, float)
    native = CurrExpCells.described("native", 1, Given(
        {name: np.ones(1) for name in ("tau_m", "cm", "v_rest", "v_thresh", "v_reset",
                                       "tau_refrac", "i_offset", "tau_syn_E", "tau_syn_I")},
        {"v": np.zeros(1), "isyn_exc": np.full(1, 0.3), "isyn_inh": np.zeros(1)}, {}, 0.4))
    assert native.refractory_steps.tolist() == [3] and native.isyn_exc_initial.tolist() == [0.3]


def variant(**changes: Any) -> type:
    """A class like CurrentLIF, with other attributes."""
    return dataclass(frozen=True, kw_only=True)(type("Variant", (CurrentLIF,), {
        "__doc__": "", "name": "Variant", "__annotations__": {}, **changes}))


class Undecorated(CurrentLIF):
    """Not a dataclass of its own."""

    name: ClassVar[str] = "Undecorated"


@dataclass(frozen=True, kw_only=True)
class Unfinished(SpikingCells):
    """Without its equations."""

    v_initial: np.ndarray = initial(0.0)
    name: ClassVar[str] = "Unfinished"


@dataclass(frozen=True, kw_only=True)
class Reserved(CurrentLIF):
    """With a parameter that the machine's cells have themselves."""

    spikes: np.ndarray = parameter(1.0, "ms", "taken")
    name: ClassVar[str] = "Reserved"


@dataclass(frozen=True, kw_only=True)
class Plain(CurrentLIF):
    """With a field that nobody describes."""

    gain: float = 1.0
    name: ClassVar[str] = "Plain"


@pytest.mark.parametrize(("kind", "message"), [
    (int, "is not a kind of cell; derive a class from SpikingCells"),
    (CurrentLIF("one", 1, **dict.fromkeys(
        ("tau_m", "tau_syn", "v_thresh", "i_initial", "v_initial", "refractory_steps", "f_target",
         "c_reg", "pseudo_derivative"))), "is not a kind of cell"),
    (variant(name=""), "name='' must be a Python name"),
    (variant(name="two words"), "name='two words' must be a Python name"),
    (Undecorated, "cell Undecorated must be a dataclass"),
    (Unfinished, "cell Unfinished has no step, distance, transition, drive, distance_gradient"),
    (Reserved, "'spikes' is a name that machines use"),
    (Plain, "the field 'gain' is none of parameter"),
    (variant(name="EPropLIF"), r"the name 'EPropLIF' is taken by .*LIFCells; choose another"),
])
def test_what_is_not_registered(kind, message):
    before = dict(CELLS)
    with pytest.raises(ParameterError, match=message):
        register_cell(kind)
    assert before == CELLS


def with_field(field_name: str, field: Any, **changes: Any) -> type:
    """A class like CurrentLIF, with one more field."""
    return variant(**{field_name: field, "__annotations__": {field_name: np.ndarray}, **changes})


def gives(name: str = "", default: Any = 1.0, unit: str = "ms", **options: Any) -> Any:
    """A parameter."""
    return parameter(default, unit, "of the test", name=name, **options)


@pytest.mark.parametrize(("kind", "message"), [
    (variant(name=5), "name=5 must be a Python name"),
    (variant(name="class"), "name='class' must be a Python name"),
    (variant(name="_hidden"), "name='_hidden' must be a Python name"),
    (variant(decays="v"), "decays='v' must be a tuple of state variables; those are"),
    (variant(decays=("u",)), r"decays=\('u',\) must be a tuple of state variables"),
    (variant(presynaptic_trace=("v", "v")), "must be a tuple of pairs of state variables"),
    (with_field("reset", gives()), "'reset' is a name that machines use"),
    (with_field("scale", gives()), "'scale' is a name that machines use"),
    (with_field("width_initial", initial(0.0)), "'width' is a name that machines use"),
    (with_field("loss_initial", initial(0.0)), "'loss' is a name that machines use"),
    (with_field("refractory_steps", gives()), "'refractory_steps' is another in every kind"),
    (with_field("pseudo_derivative", gives()), "'pseudo_derivative' is another in every kind"),
    (with_field("label", gives()), "'label' is another in every kind"),
    (with_field("x", gives("two words")), "'two words' is a name that .* or not a Python name"),
    (with_field("x", gives("lambda")), "'lambda' is a name that .* or not a Python name"),
    (with_field("x", gives("tau_m")), "there are two of 'tau_m'"),
    (with_field("v", gives()), "there are two of 'v'"),
    (with_field("x", gives(default="a")), "x='a' is not a number"),
    (with_field("x", gives(default=-1.0, minimum=0.0)), "x=-1 ms is not allowed; it must be >= 0"),
    (with_field("x_initial", initial(np.nan)), "x=nan dimensionless is not allowed"),
    (with_field("x", gives(unit="ells")), "x has the unit 'ells', which is not known"),
])
def test_names_and_values_that_a_kind_cannot_have(kind, message):
    before = dict(CELLS)
    with pytest.raises(ParameterError, match=f"cell Variant: .*{message}"):
        register_cell(kind)
    assert before == CELLS


def test_names_of_modules_are_not_those_of_kinds(monkeypatch):
    """Whichever came first, the module or the kind."""
    monkeypatch.setattr(registry, "_RESERVED", {})
    message = "name='Variant' is something else in some.backend"
    with registered(variant()), pytest.raises(ParameterError, match=f"cell Variant: {message}"):
        reserve_names(["run", "Variant"], "some.backend")
    reserve_names(["EPropLIF", "Variant"], "some.backend")
    with pytest.raises(ParameterError, match=f"cell Variant: {message}"):
        register_cell(variant())
    with registered(CurrentLIF):
        pass


def test_a_kind_may_have_other_defaults_for_what_all_kinds_have():
    kind = with_field("c_reg", gives(default=0.5, unit="dimensionless"), name="Regular")
    with registered(kind):
        assert kind.parameters()["c_reg"].default == 0.5


def test_a_kind_may_be_registered_again_when_its_module_is_read_again():
    with registered(CurrentLIF):
        assert register_cell(CurrentLIF) is CurrentLIF


def test_a_machine_refuses_a_kind_by_name():
    with pytest.raises(UnsupportedError, match=r"cell 'CurrentLIF' is not known to the engine; "
                                               r"choose one of \['EPropALIF', 'EPropLIF'\]"):
        check_kind(CurrentLIF, [LIFCells, ALIFCells], "net", "the engine")
    with pytest.raises(UnsupportedError, match="'Variant'"):    # derived ones may do otherwise
        check_kind(variant(), [CurrentLIF], "net", "the engine")
