"""Backends by name: what a row may say, and what loading its module checks."""

import sys
from contextlib import nullcontext
from dataclasses import replace
from types import ModuleType

import pytest

import pynn_eprop.host as host
from pynn_eprop.backends import BACKENDS, Backend, Compared, load_backend, register_backend
from pynn_eprop.common.script.capabilities import Capability
from pynn_eprop.errors import MissingDependencyError, ParameterError, PluginError, TaskError
from pynn_eprop.experiments.compare_machines import choose_machines, default_names, machines
from pynn_eprop.host.machines import PRECISIONS


@pytest.fixture(autouse=True)
def as_before(monkeypatch):
    """Nothing that a test registers is left."""
    known = dict(BACKENDS)
    yield
    BACKENDS.clear()
    BACKENDS.update(known)


def test_rows_of_the_package_are_in_the_order_of_lists():
    assert list(BACKENDS) == ["host", "jax", "nest", "brian2", "spinnaker", "emulator",
                              "brainscales"]
    assert default_names() == "host,jax,nest,brian2"
    assert list(machines()) == ["host", "host-fixed", "reference", "jax", "nest", "brian2",
                                "spinnaker", "emulator"]


def test_the_host_s_row_says_what_its_setup_takes():
    assert BACKENDS["host"].machines == {
        machine.value: tuple(each.value for each in known) for machine, known in PRECISIONS.items()}


@pytest.mark.parametrize(("row", "message"), [
    ({"name": ""}, r"Backend\(''\): name='' must be a name"),
    ({"name": "a,b"}, "name='a,b' must be a name"),
    ({"module": None}, "module=None must be a name"),
    ({"precisions": ("float16",)}, r"a number system cannot be 'float16'; choose from \['float32'"),
    ({"precisions": ()}, "has no number system"),
    ({"gradients": ("true",)}, r"a gradient cannot be 'true'; choose from \['eprop', 'bptt'\]"),
    ({"gradients": ()}, r"has no gradient; choose from \['eprop', 'bptt'\]"),
    ({"gradients": ("eprop", "bptt")}, "has 2 choices of gradient, .* add 'gradient' to takes"),
    ({"machines": {"one": ("double",)}}, "a number system cannot be 'double'"),
    ({"takes": ("speed",)}, r"takes cannot be 'speed'; choose from \['machine', 'precision'"),
    ({"precisions": ("float32", "float64")}, "has 2 choices of precision, .* add 'precision'"),
    ({"machines": {"one": ("float64",), "two": ("float64",)}}, "has 2 choices of machine"),
])
def test_rows_that_make_no_backend(row, message):
    with pytest.raises(ParameterError, match=message):
        Backend(**({"name": "own", "module": "own"} | row))


def test_comparisons_are_in_float64_or_fixed_point():
    with pytest.raises(ParameterError, match="arithmetic='float32' is unknown; choose"):
        Compared("own", "float32")


def test_only_backends_are_registered():
    with pytest.raises(ParameterError, match=r"<module .* is not a backend; give a Backend\("):
        register_backend(host)


def test_names_that_are_taken():
    with pytest.raises(ParameterError, match=r"the name is taken by pynn_eprop\.nest"):
        register_backend(Backend("nest", "own"))
    with pytest.raises(ParameterError, match="the name 'reference' is taken in comparisons"):
        register_backend(Backend("own", "own", compared=(Compared("reference", "float64"),)))
    twice = (Compared("own", "float64"), Compared("own", "fixed"))
    with pytest.raises(ParameterError, match="the name 'own' is taken in comparisons"):
        register_backend(Backend("own", "own", compared=twice))
    assert "own" not in BACKENDS and BACKENDS["nest"].module == "pynn_eprop.nest"


def test_a_row_may_be_read_again(monkeypatch):
    """By a script that names itself as a plugin: as ``__main__``, and under its file's name."""
    for name in ("first", "second"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
        sys.modules[name].__file__ = "own.py"
    row = Backend("own", "first", context=lambda neurons: nullcontext())
    register_backend(row)
    again = replace(row, module="second", context=lambda neurons: nullcontext())
    assert register_backend(again) is BACKENDS["own"] is again
    with pytest.raises(ParameterError, match="the name is taken by second"):
        register_backend(replace(row, free_steps=1))


def test_setup_gets_what_the_row_says(tmp_path):
    row = Backend("own", "own", takes=("threads", "failure_folder"), setup={"quiet": True})
    assert row.setup_keywords(None, "float64", 3) == {"threads": 3, "quiet": True}
    assert row.setup_keywords(None, "float64", 3, tmp_path) == {
        "threads": 3, "quiet": True, "failure_folder": tmp_path / "failure"}
    # None, of a machine, stands for no choice
    assert BACKENDS["host"].setup_keywords("reference", "float64", 1, tmp_path) == {
        "machine": "reference", "precision": "float64", "threads": 1}
    assert BACKENDS["jax"].setup_keywords(None, "float32", 1, tmp_path, "bptt") == {
        "precision": "float32", "gradient": "bptt"}


def test_a_backend_takes_part_in_comparisons_as_its_row_says():
    register_backend(Backend("silent", "own"))
    register_backend(Backend("own", "own", precisions=("fixed",), compared=(
        Compared("own-chip", "fixed", {"chips": 3}, free_steps=1),)))
    base, chosen = choose_machines("own-chip")
    assert (base.name, chosen.backend.name, chosen.setup) == ("host-fixed", "own", {"chips": 3})
    with pytest.raises(TaskError, match="backend 'silent' is unknown; choose from host, host-fix"):
        choose_machines("silent")


def module_of(monkeypatch, **contents):
    """A module ``own_sim`` that can be imported, and its row."""
    module = ModuleType("own_sim")
    vars(module).update(contents)
    monkeypatch.setitem(sys.modules, "own_sim", module)
    return register_backend(Backend("own", "own_sim"))


def test_a_module_with_all_that_experiments_use_is_loaded(monkeypatch):
    module_of(monkeypatch, **vars(host) | {"__name__": "own_sim"})
    assert load_backend("own").setup is host.setup


def test_a_module_that_lacks_something_is_refused_before_anything_runs(monkeypatch):
    lacking = {name: value for name, value in vars(host).items()
               if name not in ("run", "Projection", "set_learning")}
    module_of(monkeypatch, **lacking)
    with pytest.raises(TaskError, match="backend 'own': the module own_sim has no run, Projection, "
                                        "set_learning"):
        load_backend("own")
    # what is needed for a capability only, of a backend that has it not
    sys.modules["own_sim"].CAPABILITIES = frozenset({Capability.CHECKPOINTS})
    with pytest.raises(TaskError, match=r"has no run, Projection$"):
        load_backend("own")


def test_modules_that_are_not_there_or_fail(tmp_path, monkeypatch):
    register_backend(Backend("absent", "no_such_simulator"))
    with pytest.raises(MissingDependencyError, match="'absent' needs the package 'no_such_sim"):
        load_backend("absent")
    (tmp_path / "failing_sim.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    register_backend(Backend("failing", "failing_sim"))
    with pytest.raises(PluginError, match="importing failing_sim fails with ZeroDivisionError"):
        load_backend("failing")


def test_an_unknown_backend_is_refused_with_the_choices():
    with pytest.raises(TaskError, match=r"backend 'matlab' is unknown; choose one of \['host'"):
        load_backend("matlab")
