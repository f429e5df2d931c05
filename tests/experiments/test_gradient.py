"""``pynn-eprop run --gradient``: what it writes and prints, and how it refuses."""

import pytest

from tests.experiments.command import results, run

ON_JAX = ("--backend", "jax", "--precision", "float64")


@pytest.fixture(scope="module")
def through_time(tmp_path_factory):
    out = tmp_path_factory.mktemp("through time") / "run"
    return out, run("pattern-generation", out, 3, *ON_JAX, "--gradient", "bptt")


def test_results_have_the_gradient(through_time):
    out, process = through_time
    assert process.returncode == 0, process.stderr
    found = results(out)
    assert found["gradient"] == found["configuration"]["gradient"] == "bptt"
    assert (found["backend"], found["precision"], found["updates"]) == ("jax", "float64", 3)
    assert "--backend jax" in found["command"] and "--gradient bptt" in found["command"]


def test_line_and_report_say_it(through_time):
    out, process = through_time
    assert "pattern-generation seed 1 jax float64 bptt: 3 updates, " in process.stdout
    report = (out / "report.html").read_text()
    assert "3 updates with backpropagation through time on backend jax (float64)" in report
    assert "<td>gradient</td>" in report and "<td>feedback weights</td>" not in report


def test_e_prop_in_jax_is_what_the_engine_computes(tmp_path):
    """Float64, 3 updates: they differ by rounding (docs/compare.md has the bound)."""
    found = {}
    for name, words in (("jax", ON_JAX), ("host", ("--precision", "float64"))):
        process = run("pattern-generation", tmp_path / name, 3, *words, "--quiet")
        assert process.returncode == 0, process.stderr
        assert "bptt" not in process.stdout
        found[name] = results(tmp_path / name)
        assert found[name]["gradient"] == "eprop"
        assert "--gradient" not in found[name]["command"]
    assert found["jax"]["error_curve"] == pytest.approx(found["host"]["error_curve"], rel=1e-9)


def test_a_run_goes_on_with_its_own_gradient_only(through_time):
    out, _ = through_time
    other = run("pattern-generation", out, 4, *ON_JAX, "--resume", "--quiet")
    assert (other.returncode, other.stdout) == (2, "")
    assert "gradient: 'bptt' there, 'eprop' asked for" in other.stderr
    process = run("pattern-generation", out, 4, *ON_JAX, "--gradient", "bptt", "--resume",
                  "--quiet")
    assert process.returncode == 0, process.stderr
    assert "bptt: 4 updates" in process.stdout


@pytest.mark.parametrize(("words", "message"), [
    (("--gradient", "bptt"), "backend 'host' has no gradient 'bptt'; backends that have it are "
                             "['jax']"),
    (("--backend", "jax", "--gradient", "bptt", "--feedback", "symmetric"),
     "feedback 'symmetric' has no use with gradient 'bptt'"),
    (("--backend", "jax", "--gradient", "bptt", "--rule", "truncated-traces"),
     "rule 'truncated-traces' has no use with gradient 'bptt'"),
    (("--backend", "jax", "--gradient", "backprop"), "gradient 'backprop' is unknown"),
])
def test_refusals(tmp_path, words, message):
    process = run("pattern-generation", tmp_path / "out", 1, *words)
    assert (process.returncode, process.stdout) == (2, "")
    assert message in process.stderr and process.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_store_recall_without_adaptive_cells(tmp_path):
    """As in the paper (results, task 1.2): networks of LIF cells only, also with BPTT."""
    process = run("store-recall", tmp_path / "out", 2, "--backend", "jax", "--gradient", "bptt",
                  "--set", "n_lif=6", "--set", "n_alif=0", "--quiet")
    assert process.returncode == 0, process.stderr
    found = results(tmp_path / "out")
    assert (found["neurons"], found["parameters"]["n_alif"]) == (6, 0)
    assert "store-recall seed 1 jax float32 bptt: 2 updates" in process.stdout
