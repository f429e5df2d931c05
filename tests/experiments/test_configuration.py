"""Configurations: defaults, checks before any work, and the command that repeats a run."""

import shlex

import pytest

from pynn_eprop import ClopathRule
from pynn_eprop.cli import _parser
from pynn_eprop.errors import TaskError
from pynn_eprop.experiments.configuration import Configuration


def test_defaults_are_the_papers():
    # 1000 iterations (methods, task 1.1), 600 cells
    configuration = Configuration("pattern-generation")
    assert configuration.n_updates == 1000
    assert configuration.build_task().n_neurons == 600
    assert Configuration("store-recall").build_task().n_neurons == 20


@pytest.mark.parametrize(("options", "message"), [
    ({"task": "juggling"}, "task 'juggling' is unknown"),
    ({"backend": "matlab"}, r"backend 'matlab' is unknown; choose one of \['host', 'jax', "),
    ({"machine": "abacus"}, r"machine 'abacus' is unknown; choose one of \['engine', 'reference'"),
    ({"backend": "nest", "machine": "reference"},
     r"backend 'nest' has no machine 'reference'; backends with a choice are \['host'\]"),
    ({"machine": "reference", "precision": "float32"},
     r"machine 'reference' has no precision 'float32'; choose one of \['float64'\]"),
    ({"backend": "brian2", "precision": "fixed"}, r"backend 'brian2' has no precision 'fixed'"),
    ({"precision": "float16"}, r"precision 'float16' is unknown; choose one of \['float32'"),
    ({"seed": -1}, "seed=-1 must be a whole number >= 0"),
    ({"updates": 0}, "updates=0 must be a whole number >= 1"),
    ({"threads": 0}, "threads=0 must be a whole number >= 1"),
    ({"neurons": 0}, "n_neurons=0 must be a whole number >= 1"),
    ({"feedback": "psychic"}, "feedback 'psychic' is unknown"),
    ({"gradient": "backprop"},
     r"gradient 'backprop' is unknown; choose one of \['eprop', 'bptt'\]"),
    ({"gradient": "bptt"},
     r"backend 'host' has no gradient 'bptt'; backends that have it are \['jax'\]"),
    ({"backend": "brian2", "gradient": "bptt"}, "backend 'brian2' has no gradient 'bptt'"),
    ({"backend": "jax", "gradient": "bptt", "feedback": "symmetric"},
     "feedback 'symmetric' has no use with gradient 'bptt'"),
    ({"backend": "jax", "gradient": "bptt", "rule": "simplified-traces"},
     "rule 'simplified-traces' has no use with gradient 'bptt'"),
    ({"rule": "readout-only", "feedback": "symmetric"},
     "feedback 'symmetric' has no use with rule 'readout-only'"),
    ({"rule": "clopath:tau=3"},
     r"rule 'clopath' has no parameter 'tau'; choose one of \['v_plus', 'v_minus', 'tau_v', 'wh"),
    ({"rule": "clopath:tau_v"}, "rule 'clopath:tau_v': 'tau_v' is not of the form PARAMETER=VALUE"),
    ({"rule": "clopath:tau_v=long"}, "rule 'clopath:tau_v=long': 'long' is not a value"),
    ({"backend": "jax", "precision": "fixed"},
     r"backend 'jax' has no precision 'fixed'; choose one of \['float32', 'float64'\]"),
    ({"parameters": (("colour", 1.0),)}, "no parameter 'colour'"),
    ({"parameters": (("tau_m", "long"),)}, "tau_m='long' is not a value like 20.0"),
    ({"parameters": (("n_groups", 0.5),)}, r"n_groups=0.5 must be a whole number"),
    ({"setup": (("seed", 3),)}, r"setup seed=3: the run gives seed to setup\(\) itself"),
    ({"setup": (("precision", "float64"),)}, "setup precision='float64': the run gives precision"),
    ({"setup": (("checkpoint", "a"),)}, "setup checkpoint='a': the run gives checkpoint"),
    ({"setup": (("machine_time", True),)}, "setup machine_time=True: a run counts the time of"),
])
def test_bad_configurations_are_refused(options, message):
    with pytest.raises(TaskError, match=message):
        Configuration(**({"task": "pattern-generation"} | options))


def test_parameters_can_be_changed():
    configuration = Configuration("pattern-generation", parameters=(("c_reg", 0.01),))
    assert configuration.build_task().c_reg == 0.01


def test_sizes_that_depend_on_other_parameters_can_be_asked_for():
    # 7 cells are no network of two directions, whose halves are equal
    with pytest.raises(TaskError, match="n_neurons=7 must be even"):
        Configuration("speech", neurons=7)
    task = Configuration("speech", neurons=7, parameters=(("bidirectional", False),)).build_task()
    assert task.n_neurons == task.n_cells == 7
    task = Configuration("store-recall", neurons=7, parameters=(("n_lif", 2),)).build_task()
    assert (task.n_lif, task.n_alif) == (2, 4)


def test_rules_have_parameters_behind_a_colon():
    configuration = Configuration("pattern-generation", rule="clopath:v_plus=0.25, tau_v = 5.0")
    assert configuration.build_plan().rule == ClopathRule(v_plus=0.25, tau_v=5.0)
    assert Configuration("pattern-generation", rule="clopath").build_plan().rule == ClopathRule()


def test_readout_only_makes_the_other_synapses_static():
    plan = Configuration("pattern-generation", rule="readout-only").build_plan()
    learn = [each.post for each in plan.synapses if plan.optimizer_of(each) is not None]
    assert learn == [each.label for each in plan.readouts] and plan.feedback == ()


def test_identity_leaves_out_what_does_not_change_the_result():
    first = Configuration("store-recall", updates=10, threads=1)
    second = Configuration("store-recall", updates=20, threads=4, keep_training=True)
    assert first.identity() == second.identity()
    assert first.identity() != Configuration("store-recall", seed=2).identity()


@pytest.mark.parametrize("configuration", [
    Configuration("pattern-generation"),
    Configuration("pattern-generation", parameters=(("cell", "EPropALIF"), ("tau_m", 9.0))),
    Configuration("store-recall", precision="float64", seed=3, updates=7, neurons=5,
                  feedback="window-20ms", recurrent=False, keep_training=True,
                  parameters=(("lr", 0.02), ("n_periods", 4))),
    Configuration("pattern-generation", backend="jax", gradient="bptt"),
    Configuration("pattern-generation", rule="clopath:v_plus=0.25,v_minus=0"),
    Configuration("pattern-generation", rule="readout-only"),
    Configuration("pattern-generation", plugins=("my plugins/cells.py", "own"),
                  parameters=(("cell", "EPropALIF"),)),
])
def test_command_makes_the_same_configuration(configuration):
    options = _parser().parse_args(shlex.split(configuration.command("some where"))[1:])
    again = Configuration(
        task=options.task, backend=options.backend, precision=options.precision,
        seed=options.seed, updates=options.updates, neurons=options.neurons,
        threads=options.threads, feedback=options.feedback, gradient=options.gradient,
        rule=options.rule, recurrent=options.recurrent,
        keep_training=options.keep_training, parameters=tuple(options.set),
        plugins=tuple(options.plugin))
    assert again.as_dict() == configuration.as_dict()
    assert str(options.out) == "some where"


def test_another_gradient_is_another_run():
    followed = Configuration("pattern-generation", backend="jax").identity()
    through_time = Configuration("pattern-generation", backend="jax", gradient="bptt").identity()
    assert through_time == followed | {"gradient": "bptt"} != followed


def test_identities_of_folders_from_before_machines_could_be_chosen():
    first = Configuration("pattern-generation").identity()
    assert "machine" not in first
    assert first["precision"] == "float32"
    reference = Configuration("pattern-generation", machine="reference").identity()
    assert "machine" not in reference and reference["precision"] == "reference"


def test_keywords_of_setup_are_part_of_the_run(tmp_path):
    """In the command line that repeats it, in what setup() gets, and in what may be resumed."""
    plain = Configuration("pattern-generation", "brainscales")
    given = Configuration("pattern-generation", "brainscales",
                          setup=(("mismatch", 0.1), ("substrate", "stand-in")))
    options = _parser().parse_args(shlex.split(given.command())[1:])
    assert options.setup == [("mismatch", 0.1), ("substrate", "stand-in")]
    assert given.setup_keywords(tmp_path) == {
        "precision": "float64", "mismatch": 0.1, "substrate": "stand-in"}
    assert given.identity()["setup"] == {"mismatch": 0.1, "substrate": "stand-in"}
    assert "setup" not in plain.identity()      # as in older folders


def test_a_gradient_of_its_own_may_be_asked_for(tmp_path):
    trained = Configuration("store-recall", "jax", gradient="bptt")
    assert trained.setup_keywords(tmp_path)["gradient"] == "bptt"
    assert trained.setup_keywords(tmp_path, "eprop")["gradient"] == "eprop"
