"""``pynn-eprop run`` with a chip in the loop, as a user would type it."""

import json

import pytest

from pynn_eprop.cli import main

RUN = ["run", "pattern-generation", "--backend", "brainscales", "--set", "interval=50.0",
       "--quiet"]
CHIP = ["--setup", "substrate=stand-in", "--setup", "mismatch=0.1"]


def test_the_paper_s_network_does_not_fit_and_a_hundred_cells_do(tmp_path, capsys):
    """A chip has 512 circuits, and 256 rows: 100 cells and 20 inputs need 238."""
    assert main([*RUN, *CHIP, "--updates", "1", "--out", str(tmp_path / "large")]) == 2
    assert "error: stand-in has 512 cells, the network 600: cells 600" in capsys.readouterr().err
    out = tmp_path / "small"
    assert main([*RUN, *CHIP, "--neurons", "100", "--updates", "2", "--out", str(out)]) == 0
    results = json.loads((out / "results.json").read_text())
    assert (results["backend"], results["neurons"], results["updates"]) == ("brainscales", 100, 2)
    assert results["configuration"]["setup"] == {"substrate": "stand-in", "mismatch": 0.1}
    assert "--setup substrate=stand-in --setup mismatch=0.1" in results["command"]


def test_a_run_goes_on_with_the_same_chip_only(tmp_path, capsys):
    """In two parts as in one."""
    run = [*RUN, "--neurons", "20", *CHIP]
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert main([*run, "--updates", "3", "--out", str(whole)]) == 0
    assert main([*run, "--updates", "2", "--out", str(parts)]) == 0
    other = ["mismatch=0.2" if each == "mismatch=0.1" else each for each in run]
    assert main([*other, "--updates", "3", "--resume", "--out", str(parts)]) == 2
    assert "setup" in capsys.readouterr().err
    assert main([*run, "--updates", "3", "--resume", "--out", str(parts)]) == 0
    curves = [json.loads((each / "results.json").read_text())["error_curve"]
              for each in (whole, parts)]
    assert curves[0] == curves[1] and len(curves[0]) == 3


@pytest.mark.parametrize(("more", "message"), [
    (["--backend", "brainscales", "--setup", "mismach=0.1"], "did you mean 'mismatch'?"),
    (["--backend", "brainscales", "--setup", "substrate=brainscales"],
     "BrainScaleS-2 needs pynn_brainscales, which pip cannot install"),
    (["--backend", "host", "--setup", "substrate=stand-in"], "unknown keyword substrate="),
    (["--backend", "host", "--setup", "seed=3"], "the run gives seed to setup() itself"),
])
def test_keywords_that_are_no_use(more, message, tmp_path, capsys):
    assert main(["run", "pattern-generation", "--neurons", "10", "--updates", "1", *more,
                 "--out", str(tmp_path / "out")]) == 2
    assert message in capsys.readouterr().err
