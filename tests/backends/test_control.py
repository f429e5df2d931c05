"""The functions that act on the whole network, on every backend."""

import subprocess
import sys
from pathlib import Path

import pytest

from pynn_eprop.common.arguments.setup import SHARED_KEYWORDS
from tests.backends.scripts import IN_PROCESS


def test_functions_are_offered_under_their_own_names_and_documented(on_backend):
    found = on_backend("control.functions")
    assert {name: offered for name, (offered, _) in found.items()} == {
        name: "run" if name == "run_for" else name for name in found}
    assert {name for name, (_, documented) in found.items() if not documented} == set()


def test_setup_documents_all_that_backends_share(on_backend):
    documentation = on_backend("control.documentation_of_setup")
    assert "{" not in documentation
    assert [name for name in SHARED_KEYWORDS if name not in documentation] == []


def test_learning_is_on_or_off(on_backend):
    on, numpy_on, *others = on_backend("control.switches")
    assert (on, numpy_on) == (([], ""), ([], ""))
    for value, (kinds, message) in zip((1, "off", None), others, strict=True):
        assert kinds[:1] == ["ParameterError"]
        assert message == f"set_learning({value!r}): give True or False"


def test_saved_weights_are_those_that_are_kept_here(on_backend, backend):
    entries, weights = on_backend("control.weights_saved_beside_stock_cells")
    onto_stock = ["onto stock", "onto stock again"]
    expected = ["in", "own", *(onto_stock if backend in IN_PROCESS else [])]
    assert entries == sorted(expected)
    assert weights == pytest.approx([0.25] * 4, rel=0, abs=0)


def test_submodules_are_the_backends_own(on_backend):
    # `from pyNN.nest import *` brings the parent's modules of the same names along
    found = on_backend("control.modules")
    assert [name for _, name in found] == [name for name, _ in found]


@pytest.mark.parametrize("backend", [*IN_PROCESS, "brian2", "spinnaker"])
def test_setup_may_be_left_out(backend, tmp_path):
    # the time step is then 0.1 ms, as in all of PyNN; pyNN.nest itself cannot do without
    script = ("import pathlib, sys\nfrom contextlib import nullcontext\n"
              "from tests.backends import scripts\n"
              "from tests.spinnaker.virtual import virtual_board\n"
              f"with virtual_board(pathlib.Path({str(tmp_path)!r})) "
              f"if {backend!r} == 'spinnaker' else nullcontext():\n"
              f"    print('found', scripts.call({backend!r}, 'control.without_setup'))\n")
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True,
                          cwd=Path(__file__).parents[2], check=True)
    assert f"found {([1.0, 2.0], 5.0, 0.1)}" in said.stdout


@pytest.mark.parametrize("backend", [*IN_PROCESS, "nest", "brian2"])
def test_data_after_clearing_begin_with_the_present_sample(on_backend):
    whole, present, part = on_backend("control.cleared")
    assert len(whole) == 21 and len(set(whole)) == 21
    assert present == whole[:1]
    assert part == whole


@pytest.mark.parametrize("backend", ["nest", "brian2"])
def test_the_parent_backend_works_beside(on_backend):
    # membrane charged by R i = tau_m / cm i = 20 mV towards -45 mV, threshold -50 mV after
    # 20 ln 4 = 27.7 ms, then every 29.7 ms: at 27.8, 57.6, 87.4 ms
    assert on_backend("control.parent_beside") == (3, 3, 100.0)


READS = {"get_data", "get", "weights", "num_updates", "get_current_time", "save_weights"}
CHANGES = {"set", "initialize", "record", "set weights", "set delays", "Population",
           "Projection", "stock Population", "run", "run again", "reset"}


def test_calls_after_end_go_on_or_say_what_is_to_be_done(on_backend, backend):
    found = on_backend("control.after_end")
    refused = {name for name, (kinds, _) in found.items() if kinds}
    assert refused & READS == set()
    assert [name for name, (kinds, _) in found.items() if kinds and "EPropError" not in kinds] == []
    # on the others end() writes data, and gives nothing back: what they refuse, they always do
    assert refused == {"host": set(), "jax": set(), "brian2": {"set delays", "reset"},
                       "nest": (CHANGES | {"load_weights"}) - {"initialize", "run", "run again"},
                       "spinnaker": CHANGES}[backend]
    if backend == "spinnaker":
        for name in refused:
            kinds, message = found[name]
            assert kinds[0] == "SimulationError"
            assert message.endswith(" after end(): the machine has been given back; call setup() "
                                    "and build the network again to go on")


def test_parameters_that_spynnakers_scripts_give_in_order_may_be_everywhere(on_backend):
    times, poisson, errors = on_backend("control.ordered")
    assert times == [[1.0], [2.0, 3.0]] and poisson == [20.0, 5.0, 50.0]
    assert [kinds[0] for kinds, _ in errors] == ["ParameterError"] * 5
    assert [message for _, message in errors] == [
        "SpikeSourceArray: [2.0] has no name; only spike_times can be given without a name",
        "SpikeSourcePoisson: rate is given twice, as 20.0 and as 30.0",
        "EPropLIF: 20.0 has no name; parameters are given by name",
        "EPropSynapse: 0.1 has no name; parameters are given by name",
        "LearningSignal: symmetric=0.5 must be True or False; a feedback weight is given by name, "
        "weight="]


@pytest.mark.parametrize("backend", [*IN_PROCESS, "brian2"])
def test_biases_that_were_learned_or_set_later_go_back_at_a_reset(on_backend):
    first, later, after = on_backend("control.biases_after_reset")
    assert first == after == [0.125, 0.125]
    assert later[0] == 0.5 and later[1] != 0.125


@pytest.mark.parametrize("backend", [*IN_PROCESS, "brian2"])
def test_a_reset_goes_back_to_the_start_even_if_nothing_has_run_since_the_last(on_backend):
    assert on_backend("control.resets_without_a_run") == ([0.5] * 4, [0.25] * 4)
