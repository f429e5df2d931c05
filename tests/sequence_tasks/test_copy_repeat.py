"""Copy-repeat: sequences, their lengths, and the order of the curriculum."""

import io
import json
import math

import numpy as np
import pytest

from pynn_eprop.errors import TaskError
from pynn_eprop.intervals.rules import INTERVAL_RULES
from pynn_eprop.models.optimizers import Adam
from pynn_eprop.sequence_tasks import CopyRepeat
from pynn_eprop.sequence_tasks.copy_repeat.task import length
from pynn_eprop.sequence_tasks.curriculum import Curriculum
from tests.sequence_tasks.scripted_machine import ScriptedMachine

EPROP3, BPTT = INTERVAL_RULES["eprop3"], INTERVAL_RULES["bptt"]


class Drawn:
    """A generator whose characters are written down."""

    def __init__(self, characters):
        self._bits = [[[int(bit) for bit in character]] for character in characters]

    def integers(self, low, high, shape, dtype):
        assert (low, high, shape) == (0, 2, (len(self._bits), 1, 8))
        return np.array(self._bits, dtype)


def rows(array):
    return ["".join(f"{value:g}" for value in step) for step in array[:, 0]]


def test_a_sequence_as_the_paper_describes_it():
    """Two characters, stop on channel 9, the number 3 one-hot; three copies, stop on output 9."""
    found = CopyRepeat().draw({"n_pattern": 2, "n_repetitions": 3}, 1,
                              Drawn(["10110001", "01000000"]))
    assert rows(found.inputs) == ["101100010", "010000000", "000000001", "001000000",
                                  *["000000000"] * 7]
    assert rows(found.targets) == ["000000000"] * 4 + ["101100010", "010000000"] * 3 \
        + ["000000001"]
    assert found.active.tolist() == [False] * 4 + [True] * 7


@pytest.mark.parametrize(("n_pattern", "n_repetitions", "steps"), [
    (3, 3, 15), (4, 3, 19), (5, 4, 28), (6, 5, 39)])
def test_lengths_of_the_paper(n_pattern, n_repetitions, steps):
    """Its numbers for truncated BPTT, with synthetic gradients, e-prop 1, BPTT (figure 4e)."""
    assert length(n_pattern, n_repetitions) == steps
    found = CopyRepeat().sequences({"n_pattern": n_pattern, "n_repetitions": n_repetitions}, 2,
                                   np.random.default_rng(1))
    assert found.inputs.shape == (steps, 2, 9)


def levels():
    task, level, found = CopyRepeat(), dict(CopyRepeat.first_level), []
    while level is not None:
        found.append((level["n_pattern"], level["n_repetitions"]))
        level = task.next_level(level)
    return found


def test_the_pattern_grows_first_then_both_in_turns_up_to_nine_repetitions():
    found = levels()
    assert found[:6] == [(1, 1), (2, 1), (2, 2), (3, 2), (3, 3), (4, 3)]
    assert found[-2:] == [(9, 9), (10, 9)]
    assert [length(*level) for level in found] == sorted(length(*level) for level in found)


def test_patterns_are_fair_and_of_each_sequence_its_own():
    found = CopyRepeat().sequences({"n_pattern": 4, "n_repetitions": 1}, 500,
                                   np.random.default_rng(1)).inputs[:4, :, :8]
    # 16,000 fair bits: a standard deviation of 0.004
    assert found.mean() == pytest.approx(0.5, abs=0.02)
    assert len(np.unique(found.transpose(1, 0, 2).reshape(500, -1), axis=0)) > 490


def course(rule=EPROP3, **parameters):
    return Curriculum(CopyRepeat(**{"batch": 128, "n_units": 4, **parameters}), rule, 1)


def train(errors, **parameters):
    found, machine = course(**parameters), ScriptedMachine(errors, 0.25)
    best = [found.advance(machine) for _ in errors]
    return found, machine, best


def test_a_level_is_solved_by_the_mean_over_256_sequences():
    """Batches of 128: means of pairs 0.2, 0.14, then, of the next level, 0.15 and 0.1."""
    found, machine, best = train([0.1, 0.3, 0.08, 0.2, 0.15, 0.15, 0.1, 0.1])
    assert best == [False] * 3 + [True] + [False] * 3 + [True]
    results = found.results(machine)
    kept = [(each["length"], each["n_pattern"], each["n_repetitions"], each["batches"],
             each["updates"], each["explained"]) for each in results["length_curve"]]
    # updates after each 4 steps: 2 in 5 steps, 2 in 7
    assert kept == [(5, 1, 1, 4, 8, 0.25), (7, 2, 1, 8, 16, 0.25)]
    assert results["longest"] == 7
    assert results["longest_level"] == {"n_pattern": 2, "n_repetitions": 1}
    assert results["last"] == {"length": 9, "n_pattern": 2, "n_repetitions": 2, "error": None}
    assert results["error_curve"]["error"] == pytest.approx([0.2, 0.14, 0.15, 0.1])
    assert results["error_curve"]["batches"] == [2, 4, 6, 8]
    assert [call[1] for call in machine.calls if call[0] == "train"] == [5] * 4 + [7] * 4
    assert machine.calls[::2] == [("start",)] * 8


@pytest.mark.parametrize(("batch", "window", "batches"), [(16, 256, 16), (256, 256, 1),
                                                          (100, 256, 3), (512, 256, 1)])
def test_the_mean_is_over_whole_batches(batch, window, batches):
    found, _, best = train([0.0] * batches, batch=batch, window=window)
    assert best == [False] * (batches - 1) + [True] and found.level["n_pattern"] == 2


def test_updates_of_the_next_batch_are_known():
    assert [course(rule, interval=interval).next_updates for rule, interval in
            ((EPROP3, 4), (EPROP3, 5), (EPROP3, 1), (BPTT, 4))] == [2, 1, 5, 1]


def test_nothing_solved():
    found, machine, _ = train([5.0])
    results = found.results(machine)
    assert results["longest"] == 0 and results["longest_level"] is None
    assert results["length_curve"] == []


def test_the_curriculum_ends():
    found, machine, _ = train([0.0] * len(levels()), batch=256)
    assert found.over and not found.diverged
    assert found.results(machine)["longest"] == length(10, 9) == 103


@pytest.mark.parametrize("error", [math.inf, math.nan])
def test_an_error_that_is_not_finite_ends_it(error):
    found, machine, best = train([0.0, 0.0, error])
    assert found.over and found.diverged and best == [False, True, False]
    results = found.results(machine)
    assert results["longest"] == 5 and results["batches"] == 3
    assert np.isfinite(results["error_curve"]["error"]).all()


def test_a_state_goes_on_as_before():
    one, other = course(), course()
    for found in (one, other):
        found.advance(ScriptedMachine([0.1]))
    loaded = course()
    loaded.load(json.loads(json.dumps(other.state())))
    drawn = [np.random.Generator(np.random.PCG64()) for _ in range(2)]
    for each, found in zip(drawn, (one, loaded), strict=True):
        each.bit_generator.state = found.state()["random"]
    assert np.array_equal(*(each.random(8) for each in drawn))
    for found in (one, loaded):
        assert found.advance(ScriptedMachine([0.1]))
        assert found.level == {"n_pattern": 2, "n_repetitions": 1} and found.batches == 2


def test_sizes():
    """The paper's (methods); learning rates of the others by rule."""
    full = CopyRepeat.of(None, EPROP3)
    assert (full.n_units, full.sg_hidden, full.batch, full.lr, full.interval, full.tanh_output,
            full.threshold) == (256, 512, 256, 1e-4, 4, False, 0.15)
    rates = {name: CopyRepeat.of("small", rule).lr for name, rule in INTERVAL_RULES.items()}
    assert rates == {"truncated-bptt": 3e-4, "truncated-bptt-sg": 3e-4, "traces": 3e-3,
                     "eprop1": 3e-3, "eprop1-random": 3e-3, "eprop3": 3e-3,
                     "truncated-traces": 3e-3, "bptt": 3e-3}
    assert CopyRepeat.of("full", INTERVAL_RULES["truncated-bptt"]).lr == 1e-4
    small = CopyRepeat.of("small", INTERVAL_RULES["truncated-bptt"], {"lr": 0.5})
    assert (small.lr, small.n_units, small.batch, small.tanh_output) == (0.5, 64, 16, True)


def test_how_it_is_learned():
    task = CopyRepeat.of("small", EPROP3, {"sg_schedule": "extra-pass", "shuffled_sg": True,
                                           "clip": 2.0})
    learning = task.learning(EPROP3)
    assert learning.optimizer == learning.module_optimizer == Adam(3e-3)
    assert (learning.clip, learning.batch, learning.interval) == (2.0, 16, 4)
    assert learning.module.schedule == "extra pass" and learning.module.shuffled
    assert (learning.module.hidden, learning.module.factor) == (128, 0.1)
    with pytest.raises(TaskError, match="shuffled_sg=True is a control of synthetic gradients"):
        task.learning(INTERVAL_RULES["traces"])
    assert CopyRepeat.of("small", EPROP3).learning(INTERVAL_RULES["traces"]).module is None
    network = task.network()
    assert (network.units, network.inputs, network.outputs, network.loss) == (64, 9, 9, "binary")
    first = task.first_parameters(1)["weights"]
    assert np.all(first[-1, 64:128] == 1.0) and np.all(first[-1, :64] == 0.0)


@pytest.mark.parametrize(("parameters", "message"), [
    ({"threshold": 0.0}, "threshold=0.0  must be a finite number > 0"),
    ({"window": 0}, "window=0 must be a whole number >= 1"),
    ({"interval": 0}, "interval=0 must be a whole number >= 1"),
    ({"lr": 0.0}, "lr=0.0  must be a finite number > 0"),
    ({"clip": -1.0}, "clip=-1.0 must be >= 0"),
    ({"sg_schedule": "never"}, "choose one of ['next-interval', 'extra-pass']"),
    ({"tanh_output": 1}, "tanh_output=1 is not a value like False"),
    ({"bits": 4}, "has no parameter 'bits'"),
])
def test_parameters_that_cannot_be(parameters, message):
    with pytest.raises(TaskError) as raised:
        CopyRepeat.of(None, EPROP3, parameters)
    assert message in str(raised.value)


OF_MODULE = {"eta_sg": 0.2, "sg_hidden": 9, "sg_lr": 0.1, "sg_schedule": "extra-pass",
             "sg_sees_state": True, "shuffled_sg": False}


@pytest.mark.parametrize("rule", INTERVAL_RULES.values(), ids=INTERVAL_RULES)
def test_parameters_that_a_rule_has_no_use_for(rule):
    """They are refused when they are set; the size's own pass."""
    CopyRepeat.of("small", rule)
    for name, value in OF_MODULE.items():
        if rule.synthetic:
            assert getattr(CopyRepeat.of("small", rule, {name: value}), name) == value
            continue
        with pytest.raises(TaskError, match=f"{name}={value!r} is of the error module .* rule "
                           f"'{rule.name}' .*'truncated-bptt-sg', 'eprop3', 'truncated-traces'"):
            CopyRepeat.of("small", rule, {name: value})
    if rule.whole:
        with pytest.raises(TaskError, match="interval=4 has no use with rule 'bptt'"):
            CopyRepeat.of("small", rule, {"interval": 4})
    else:
        assert CopyRepeat.of("small", rule, {"interval": 5}).interval == 5


@pytest.mark.parametrize("value", [math.nan, math.inf, 1.5e308, 0.0])
def test_a_figure_of_units_that_diverged(value):
    """h = o c has no bound; a colour scale as wide as 1.5e308 to either side would be infinite."""
    task, level = CopyRepeat.of("small", EPROP3), dict(CopyRepeat.first_level)
    found = task.sequences(level, task.batch, np.random.default_rng(1))
    steps, units = len(found.active), np.full((len(found.active), task.batch, 64), value)
    units[0] = 0.5
    figure = task.draw_figure(
        {"length_curve": [], "updates": 3, "diverged": True, "rule": "eprop3", "seed": 1},
        (level, found, np.zeros((steps, task.batch, 9)), units))
    figure.savefig(io.BytesIO(), format="svg")
    (image,) = figure.subfigs[0].axes[3].images
    assert image.get_clim() == ((-1e300, 1e300) if value == 1.5e308 else (-0.5, 0.5))
