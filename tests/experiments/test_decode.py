"""``pynn-eprop decode`` on small networks and few simulations."""

import importlib
import json
import os
import shlex
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from pynn_eprop.cli import _parser
from pynn_eprop.errors import ParameterError, ResultsError, TaskError, UnsupportedError
from pynn_eprop.experiments.decoding.experiment import SHUFFLED, DecodingExperiment, DecodingPlan
from pynn_eprop.experiments.decoding.features import simulated
from pynn_eprop.experiments.folder import claim_folder
from pynn_eprop.experiments.task_network import TaskNetwork
from pynn_eprop.models.rules import ClopathRule, EProp
from pynn_eprop.tasks import StoreRecall
from pynn_eprop.tasks.store_recall import STORE
from pynn_eprop.tasks.trials import INPUTS
from tests.experiments.command import forked

SMALL = (("trials_per_update", 4), ("n_periods", 4), ("validation_trials", 8),
         ("confirmation_answers", 10), ("fit_trials", 40), ("test_trials", 20),
         ("periods_after", 4))
OPTIONS = [word for name, value in (*SMALL, ("periods_after", 1))
           for word in ("--set", f"{name}={value}")]


def plan(updates=(0, 2), seed=1, n_seeds=1, more=(), **options):
    return DecodingPlan.of("store-recall", updates, seed, n_seeds, (*SMALL, *more), **options)


def command(out, *more):
    return ["decode", "store-recall", *OPTIONS, "--updates", "0,2", "--out", str(out), *more]


@pytest.fixture(scope="module")
def decoded(tmp_path_factory):
    """The folder of two networks, and what the command said."""
    out = tmp_path_factory.mktemp("decoded") / "out"
    done = forked(command(out, "--seeds", "2"), 300.0)
    assert done.returncode == 0, done.stderr
    return out, done.stdout


def test_the_folder_has_accuracies_by_delay_and_update(decoded):
    out, said = decoded
    results = json.loads((out / "decoding.json").read_text())
    # windows of 100 ms at every multiple of 50 ms that fit into 200 ms after STORE
    assert results["delay_ms"] == [50.0 * number for number in range(3)]
    assert (results["seeds"], results["updates"]) == ([1, 2], [0, 2])
    for update in ("0", "2"):
        curves = [results["by_seed"][seed][update]["all"] for seed in ("1", "2")]
        assert np.array_equal(results["accuracy"][update], np.mean(curves, axis=0))
        assert np.all(np.isin(np.round(np.array(curves) * 20, 9) % 1, [0.0]))     # of 20 answers
    assert results["decoding"]["fit_trials"] == 40 and results["decoding"]["window"] == 100.0
    assert results["versions"].keys() >= {"numpy", "scikit-learn", "pynn_eprop"}
    assert results["synapses"] == {
        "all": 2380, "recurrent": 380, "from inputs": 2000, "onto adaptive cells": 1190,
        "onto LIF cells": 1190, "recurrent, onto adaptive cells": 190,
        "recurrent, onto LIF cells": 190, "from inputs, onto adaptive cells": 1000,
        "from inputs, onto LIF cells": 1000, SHUFFLED: 2380}
    assert results["command"].startswith("pynn-eprop decode store-recall --backend host")
    assert "--seed 1 --seeds 2 --updates 0,2 --set" in results["command"]
    assert "--set periods_after=1" in results["command"]
    for suffix in ("png", "svg"):
        assert (out / f"decoding.{suffix}").stat().st_size > 10_000
    assert "after   2 updates: " in said and "2 seeds" in said
    assert f"{results['accuracy']['2'][0]:.2f} at 0 s" in said


def test_the_bit_is_in_the_traces_at_the_end_of_store_and_shuffled_labels_are_at_chance(decoded):
    results = json.loads((decoded[0] / "decoding.json").read_text())
    # 200 ms of input from one of two groups of 25 cells have just ended. 40 answers in a window;
    # chance would be 0.5 with a standard deviation of 0.05 for the mean of three
    first = {name: np.mean(curves["2"]) for name, curves in results["groups"].items()}
    assert first["all"] > 0.75 and first["onto adaptive cells"] > 0.75
    assert abs(first[SHUFFLED] - 0.5) < 0.2


def test_a_finished_decoding_is_kept_or_refused(decoded):
    out, _ = decoded
    before = (out / "decoding.json").read_bytes()
    refused = forked(command(out, "--seeds", "2"))
    assert refused.returncode == 2 and "--resume" in refused.stderr
    other = forked(command(out, "--seeds", "2", "--resume", "--set", "sampling=5.0"))
    assert other.returncode == 2 and "'sampling': 10.0" in other.stderr
    kept = forked(command(out, "--seeds", "2", "--resume"))
    assert kept.returncode == 0, kept.stderr
    assert (out / "decoding.json").read_bytes() == before


def test_two_decodings_cannot_share_a_folder(decoded):
    out, _ = decoded
    before = (out / "decoding.json").read_bytes()
    with claim_folder(out, out / "parts"):
        for more in ({"resume": True}, {"force": True}):
            with pytest.raises(ResultsError, match="in use by another run"):
                DecodingExperiment(plan(n_seeds=2), out).run(**more)
    assert (out / "decoding.json").read_bytes() == before


def test_an_interrupted_decoding_goes_on_to_the_same_result(decoded, tmp_path):
    out = tmp_path / "out"
    process = subprocess.Popen([sys.executable, "-m", "pynn_eprop.cli",
                                *command(out, "--seeds", "2")], stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 120.0
        while not list((out / "parts").glob("*.json")):
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 143, errors
    assert "To go on:" in errors and errors.rstrip().endswith("--resume")
    assert not (out / "decoding.json").exists()
    done = forked(command(out, "--seeds", "2", "--resume"))
    assert done.returncode == 0, done.stderr
    one, other = (json.loads((path / "decoding.json").read_text()) for path in (decoded[0], out))
    assert one == other


@pytest.mark.parametrize(("change", "message"), [
    ({"more": (("fit_trials", 3),)}, "fit_trials=3 must be a whole number >= 10"),
    ({"more": (("window", 105.0),)}, "window=105.0 ms must be a multiple of 10 ms"),
    ({"more": (("window", 5000.0),)}, "longer than the 800 ms"),
    ({"more": (("sampling", 0.3),)}, "sampling=0.3 ms must be a multiple of 1 ms"),
    ({"more": (("trace_rule", 3),)}, "trace_rule=3 is not a value like"),
    ({"more": (("trace_rule", "clopath:v=1"),)}, "rule 'clopath' has no parameter 'v'"),
    ({"rule": "readout-only"}, "with rule 'readout-only' no synapse onto cells learns"),
    ({"more": (("delay", 3),)}, "has no parameter 'delay'"),
    ({"updates": (-1,)}, "updates=-1 must be a whole number >= 0"),
    ({"n_seeds": 0}, "seeds=0 must be a whole number >= 1"),
])
def test_plans_that_cannot_be_are_refused(change, message):
    with pytest.raises(TaskError, match=message):
        plan(**change)


def test_rules_of_traces_are_written_as_those_of_trainings():
    for rule, trace_rule, expected in (
            ("clopath:v_plus=0.1", "", ClopathRule(v_plus=0.1)),
            ("truncated-traces", "e-prop", EProp()),
            ("e-prop", "clopath:tau_v=20.0,v_minus=-1", ClopathRule(tau_v=20.0, v_minus=-1))):
        made = plan(rule=rule, more=(("trace_rule", trace_rule),))
        assert made.network(1).rule == expected
        assert made.configuration.rule == rule
    with pytest.raises(ParameterError, match="rule='hebb' is unknown"):
        plan(more=(("trace_rule", "hebb"),))


def test_the_command_makes_the_same_plan():
    made = plan((0, 2), 3, 2, (("trace_rule", "clopath:tau_v=20.0"), ("values_after", 0)),
                recurrent=False, plugins=("my plugins/own.py",))
    words = shlex.split(made.command("some where"))
    assert words[:2] == ["pynn-eprop", "decode"]
    options = _parser().parse_args(words[1:])
    again = DecodingPlan.of(
        options.task, options.updates, options.seed, options.seeds, options.set,
        backend=options.backend, precision=options.precision, rule=options.rule,
        recurrent=options.recurrent, plugins=tuple(options.plugin))
    assert again == made and str(options.out) == "some where"


def test_tasks_and_backends_that_have_no_traces_to_decode_are_refused(tmp_path):
    with pytest.raises(UnsupportedError, match="task 'pattern-generation' has nothing to decode"):
        DecodingPlan.of("pattern-generation", None, 1, 1, ())
    with pytest.raises(UnsupportedError, match="backend 'spinnaker' cannot record eligibility "
                                               r"traces, .* the default, 'host', can"):
        DecodingExperiment(plan(backend="spinnaker"), tmp_path / "out")
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultsError, match="is a file"):
        DecodingExperiment(plan(), tmp_path / "file").run()


def test_the_updates_and_trials_of_the_paper_are_the_defaults():
    found = DecodingPlan.of("store-recall", None, 1, 1, ())
    assert found.updates == (0, 25, 75, 200) and found.configuration.n_updates == 200
    decoding = found.decoding
    assert (decoding.fit_trials, decoding.test_trials) == (150, 50)
    assert decoding.delays.tolist() == [50.0 * number for number in range(119)]
    assert decoding.trial - decoding.start == 6000.0


def test_store_is_the_only_command_and_values_go_on_or_not():
    task = StoreRecall()
    for values_after in (1, 0):
        decoding = task.decoding().changed({"values_after": values_after, "periods_after": 3})
        trials, labels = decoding.draw(1, 25, 20)
        assert trials.command.shape == (20, 4) and np.all(trials.command[:, 0] == STORE)
        assert not trials.command[:, 1:].any()
        assert np.array_equal(labels, trials.bit[:, 0]) and set(labels.tolist()) == {0, 1}
        times = np.concatenate(trials.spike_times[INPUTS]) % decoding.trial
        assert (times.max() > 500.0) == bool(values_after)
    again, _ = decoding.draw(1, 25, 20)
    other, _ = decoding.draw(1, 75, 20)
    assert np.array_equal(trials.bit, again.bit) and not np.array_equal(trials.bit, other.bit)


def features(tmp_path, backend="host", **changes):
    """Features of six simulations of the untrained network, by projection."""
    sim = importlib.import_module(f"pynn_eprop.{backend}")
    found = plan(more=tuple(changes.items()))
    network = found.network(1)
    setup = {} if backend == "brian2" else {"precision": "float64"}
    weights = tmp_path / "weights.npz"
    TaskNetwork(sim, network, 1, setup)
    sim.save_weights(weights)
    trials, _ = found.decoding.draw(1, 0, 6)
    done = []
    values = simulated(sim, network, found.decoding, 1, setup, weights, trials, done.append)
    assert done[-1] == 6
    return values, found


def test_without_values_after_store_all_traces_are_0_once_cells_rest(tmp_path):
    # at rest |v - A| >= v_th, so that h = 0 (eq. 24), and with it every trace (eq. 28)
    values, found = features(tmp_path, values_after=0, periods_after=8)
    rest = np.flatnonzero(found.decoding.delays >= 600.0)
    assert all(np.abs(each[:, 0]).max() > 0 for each in values.values())
    # v decays with 20 ms: after 600 ms it is below what h can tell from rest
    assert all(np.abs(each[:, rest]).max() < 1e-12 for each in values.values())


def test_truncated_traces_of_the_same_network_differ(tmp_path):
    one, _ = features(tmp_path)
    other, found = features(tmp_path, trace_rule="truncated-traces")
    assert found.network(1).rule.name == "truncated-traces"
    assert found.configuration.rule == "e-prop"
    assert not np.allclose(one["input_to_alif"], other["input_to_alif"])


def test_windows_are_means_of_the_samples_and_parts_of_the_trials_the_same(tmp_path, monkeypatch):
    values, _ = features(tmp_path)
    assert values["input_to_alif"].shape == (6, 15, 1000)
    monkeypatch.setattr("pynn_eprop.experiments.decoding.features._BYTES_AT_ONCE", 1)
    parts, _ = features(tmp_path)
    for label, each in values.items():
        np.testing.assert_allclose(parts[label], each, rtol=1e-5, atol=1e-9)
    fine, _ = features(tmp_path, window=50.0)
    np.testing.assert_allclose(
        values["input_to_alif"], (fine["input_to_alif"][:, :-1] + fine["input_to_alif"][:, 1:]) / 2,
        rtol=1e-4, atol=1e-8)

