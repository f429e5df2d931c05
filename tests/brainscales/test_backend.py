"""Scripts with a chip in the loop.

Expected: the same script on the host in float64, if the substrate is exact.
"""

import numpy as np
import pytest

import pynn_eprop.brainscales as sim
from pynn_eprop import host
from pynn_eprop.errors import (
    CapacityError,
    CheckpointError,
    MeasurementWarning,
    ParameterError,
    SetupError,
    SimulationError,
    UnsupportedError,
)
from pynn_eprop.in_the_loop.substrates import (
    SUBSTRATES,
    Model,
    PyNNSubstrate,
    StandIn,
    register_substrate,
)

T = 100.0


def script(module, updates=3, cell="EPropLIF", n=12, **setup):
    """A network that learns a target; cells, readouts and the projections onto the cells."""
    module.setup(timestep=1.0, update_interval=T, seed=3, **setup)
    draws = np.random.default_rng(1)
    source = module.Population(6, module.SpikeSourceArray(spike_times=[
        np.sort(draws.choice(np.arange(updates * T), 12 * updates, replace=False))
        for _ in range(6)]), label="source")
    cells = module.Population(n, getattr(module, cell)(tau_m=15.0, tau_refrac=3.0, c_reg=0.01),
                              label="cells")
    out = module.Population(1, module.EPropReadout(
        target=np.sin(np.arange(T) / 10.0)[np.newaxis]), label="out")
    learns = {"optimizer": "adam"}
    inputs = module.Projection(source, cells, module.AllToAllConnector(), module.EPropSynapse(
        weight=module.RandomDistribution("normal", mu=0.3, sigma=0.3,
                                         rng=module.NumpyRNG(seed=5)), **learns), label="inputs")
    recurrent = module.Projection(
        cells, cells, module.AllToAllConnector(allow_self_connections=False),
        module.EPropSynapse(weight=0.02, **learns), label="recurrent")
    module.Projection(cells, out, module.AllToAllConnector(),
                      module.EPropSynapse(weight=0.1, **learns), label="readout")
    module.Projection(out, cells, module.AllToAllConnector(),
                      module.LearningSignal(weight=0.5), receptor_type="learning_signal")
    cells.record(["spikes", "v"])
    out.record(["y", "loss"])
    return cells, out, (inputs, recurrent)


def found(module, parts, run):
    cells, out, projections = parts
    run()
    segment = cells.get_data().segments[-1]
    signal = out.get_data().segments[-1]
    return {"weights": [projection.get("weight", format="array") for projection in projections],
            "spikes": [train.magnitude for train in segment.spiketrains],
            "v": segment.filter(name="v")[0].magnitude,
            "y": signal.filter(name="y")[0].magnitude, "updates": module.num_updates()}


@pytest.mark.parametrize("cell", ["EPropLIF", "EPropALIF"])
def test_an_exact_substrate_is_the_host(cell):
    results = [found(module, script(module, cell=cell, **setup), lambda module=module: module.run(
        3 * T)) for module, setup in ((sim, {"substrate": "model"}),
                                      (host, {"precision": "float64"}))]
    ours, theirs = results
    assert ours["updates"] == theirs["updates"] == 3
    assert sum(map(len, ours["spikes"])) > 50
    for one, other in zip(ours["spikes"], theirs["spikes"], strict=True):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(ours["weights"], theirs["weights"], strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-10)
    for name in ("v", "y"):
        np.testing.assert_allclose(ours[name], theirs[name], rtol=0, atol=1e-10)


def test_cells_that_are_reset_and_held_are_those_of_the_reference():
    ours = found(sim, script(sim, cell="EPropCurrLIF", substrate="model", holds=True, tau_syn=5.0),
                 lambda: sim.run(3 * T))
    theirs = found(host, script(host, cell="EPropCurrLIF", machine="reference"),
                   lambda: host.run(3 * T))
    for one, other in zip(ours["weights"], theirs["weights"], strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-10)


def test_a_run_cut_between_trials_and_one_from_a_checkpoint(tmp_path):
    """All draws of the chip, too: rounding, trials, samples."""
    setup = {"mismatch": 0.1, "trial_variation": 0.1, "rounding": "stochastic"}
    whole = found(sim, script(sim, **setup), lambda: sim.run(3 * T))

    def parts():
        sim.run(T)
        sim.run(2 * T)

    cut = found(sim, script(sim, **setup), parts)
    script(sim, **setup)
    sim.run(T)
    sim.save_checkpoint(tmp_path / "checkpoint.npz")

    def onwards():
        sim.load_checkpoint(tmp_path / "checkpoint.npz")
        sim.run(2 * T)

    continued = found(sim, script(sim, **setup), onwards)
    for other in (cut, continued):
        for one, each in zip(whole["weights"], other["weights"], strict=True):
            np.testing.assert_array_equal(one, each)


def test_weights_in_the_chip_and_here():
    """Beyond the levels of the chip there is a warning with numbers."""
    cells, _, (inputs, recurrent) = script(sim, headroom=1.0)
    sim.run(T)
    ours, on_chip = (np.array(recurrent.get(name, format="list", with_address=False))
                     for name in ("weight", "acting_weight"))
    levels = on_chip / np.abs(on_chip[on_chip != 0.0]).min()
    np.testing.assert_allclose(levels, np.rint(levels), rtol=0, atol=1e-9)
    assert 0.0 < np.abs(ours - on_chip).max() < 0.02
    with pytest.warns(MeasurementWarning, match=r"inputs: \d+ weights are beyond the largest that "
                                                "stand-in holds, .*; give setup"):
        inputs.set(weight=50.0)
        sim.run(T)
    assert len(cells) == 12


def test_a_network_that_grows_between_runs_is_the_host(tmp_path):
    """Cells, synapses of several delays, and a checkpoint that is refused in between."""
    def grown(module, **setup):
        cells, out, (inputs, recurrent) = script(module, updates=4, **setup)
        module.run(T)
        if module is sim:
            with pytest.raises(CheckpointError):
                sim.load_checkpoint(tmp_path / "other.npz")
        new = module.Population(5, module.EPropLIF(tau_m=9.0, v_thresh=0.3), label="new")
        added = [module.Projection(pre, post, module.AllToAllConnector(), module.EPropSynapse(
            weight=0.05, delay=delay, optimizer="adam"), label=f"added {number}")
            for number, (pre, post, delay) in enumerate((
                (cells, new, 1.0), (new, cells, 3.0), (cells, new, 2.0), (new, out, 1.0)))]
        module.Projection(out, new, module.AllToAllConnector(), module.LearningSignal(weight=0.3),
                          receptor_type="learning_signal")
        assert np.all(added[0].get("acting_weight", format="array") == 0.05)
        return found(module, (cells, out, (inputs, recurrent, *added)), lambda: module.run(3 * T))

    script(sim, substrate="model", n=3)
    sim.run(T)
    sim.save_checkpoint(tmp_path / "other.npz")
    ours, theirs = grown(sim, substrate="model"), grown(host, precision="float64")
    for one, other in zip(ours["weights"], theirs["weights"], strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-10)
    np.testing.assert_allclose(ours["v"], theirs["v"], rtol=0, atol=1e-10)


def test_a_refused_checkpoint_leaves_the_chip_as_it_is(tmp_path):
    """Its machine would have prepared the substrate for itself."""
    script(sim, mismatch=0.1)
    sim.run(T)
    sim.save_checkpoint(tmp_path / "damaged.npz")
    with np.load(tmp_path / "damaged.npz") as kept:
        arrays = {name: kept[name] for name in kept.files if "loop/trials" not in name}
    np.savez(tmp_path / "damaged.npz", **arrays)

    def trained(load):
        parts = script(sim, mismatch=0.1)
        sim.run(T)
        sim.set_learning(False)
        sim.run(T)
        if load:
            with pytest.raises(CheckpointError, match="is damaged: 'loop/trials'"):
                sim.load_checkpoint(tmp_path / "damaged.npz")
        return found(sim, parts, lambda: sim.run(T))["spikes"]

    for one, other in zip(trained(False), trained(True), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_checkpoint_of_another_substrate_or_arithmetic(tmp_path):
    script(sim)
    sim.run(T)
    sim.save_checkpoint(tmp_path / "kept.npz")
    for setup, message in (({"substrate": "model", "holds": True}, "substrate='stand-in', but"),
                           ({"sample_period": 4.0}, "sample_period=2.0, but this run has 4.0"),
                           ({"precision": "float32"}, "precision='float64' of the backend 'brain")):
        script(sim, **setup)
        with pytest.raises(CheckpointError, match=message):
            sim.load_checkpoint(tmp_path / "kept.npz")


def test_runs_after_end():
    """The substrate is prepared again."""
    substrate = StandIn()
    script(sim, substrate=substrate)
    sim.run(T)
    assert substrate.configured is not None
    sim.end()
    assert substrate.configured is None
    sim.run(T)
    assert sim.num_updates() == 2


def test_keep_weights_and_set_learning():
    _, _, (inputs, _) = script(sim)
    sim.run(T)
    learned = inputs.get("weight", format="array")
    sim.reset(keep_weights=True)
    sim.set_learning(False)
    sim.run(T)
    np.testing.assert_array_equal(inputs.get("weight", format="array"), learned)
    assert sim.num_updates() == 1
    sim.reset()
    sim.set_learning(True)
    assert not np.array_equal(inputs.get("weight", format="array"), learned)


def test_substrates_of_ones_own():
    with pytest.raises(ParameterError, match="substrate 'stand-in': the name is taken"):
        register_substrate("stand-in", Model)
    register_substrate("own", Model)
    try:
        script(sim, substrate="own", holds=True)
        sim.run(T)
    finally:
        del SUBSTRATES["own"]
    script(sim, substrate=StandIn(mismatch=0.1))
    sim.run(T)
    assert sim.num_updates() == 1
    with pytest.raises(ParameterError, match=r"substrate 'any': setup\(\) has timestep itself"):
        register_substrate("any", PyNNSubstrate)


@pytest.mark.parametrize(("make", "message"), [
    (lambda size=3: [0] * "three", r"substrate='own' could not be made with \{'size': 4\}: TypeE"),
    (lambda size=3: size, "substrate='own' makes int, which is not a Substrate"),
])
def test_substrates_that_cannot_be_made(make, message):
    register_substrate("own", make)
    try:
        with pytest.raises(SetupError, match=message):
            sim.setup(substrate="own", size=4)
    finally:
        del SUBSTRATES["own"]


@pytest.mark.parametrize(("keywords", "message"), [
    ({"substrate": "chip"}, r"substrate='chip' is unknown; choose one of \['stand-in', 'brainsc"),
    ({"substrate": 7}, "substrate=7 must be a name or a Substrate"),
    ({"mismatch": -1.0}, "mismatch=-1.0 must be a number >= 0"),
    ({"substrate": "model", "mismatch": 0.1}, r"unknown keyword mismatch=0.1; .*holds"),
    ({"mismach": 0.1}, "unknown keyword mismach=0.1; did you mean 'mismatch'"),
    ({"voltage": "guessed"}, r"voltage='guessed' is unknown; choose one of \['sampled', 'model'\]"),
    ({"rounding": "up"}, r"rounding='up' is unknown; choose one of \['nearest', 'stochastic'\]"),
    ({"headroom": 0.5}, "headroom=0.5 must be a number >= 1"),
    ({"learner": "chip"}, r"learner='chip' is unknown; choose one of \['engine', 'jax', 'refe"),
    ({"learner": "reference", "precision": "float32"}, "the reference has 'float64' only"),
    ({"holds": "no"}, "holds='no' must be True or False"),
    ({"tau_syn": -1.0}, "tau_syn=-1.0 must be a number >= 0"),
    ({"substrate": "model", "tau_syn": 5.0}, "tau_syn=5.0 needs holds=True"),
    ({"substrate": "model", "holds": True, "tau_syn": float("nan")}, "tau_syn=nan must be a num"),
    ({"samples": 2.5}, "samples=2.5 must be a whole number"),
    ({"precision": "fixed"}, r"precision='fixed' is unknown; choose one of \['float64', 'float32"),
])
def test_bad_keywords(keywords, message):
    with pytest.raises(SetupError, match=message):
        sim.setup(**keywords)


def test_a_bad_setup_leaves_the_network_as_it_is():
    script(sim)
    sim.run(T)
    with pytest.raises(SetupError):
        sim.setup(substrate="chip")
    sim.run(T)
    assert sim.num_updates() == 2


def test_a_substrate_that_cannot_be_closed_ends_with_its_network():
    class Stuck(Model):
        """Fails as it is given back."""

        def close(self):
            raise OSError("stuck")

    script(sim, substrate=Stuck())
    sim.run(T)
    with pytest.raises(SimulationError, match=r"model: close\(\) failed: OSError: stuck"):
        sim.setup()
    script(sim)
    sim.run(T)
    assert sim.num_updates() == 1


@pytest.mark.parametrize("trials_per_update", [1, 2])
def test_a_trial_that_fails_in_a_long_run_takes_nothing_else_with_it(trials_per_update):
    """Recordings end before it, and go on when the network runs on."""
    class Fragile(Model):
        """Fails once in the fourth trial."""

        whole = True

        def trial(self, spikes, steps, number, sampled):
            if number == 3 and self.whole:
                self.whole = False
                raise RuntimeError("no chip")
            return super().trial(spikes, steps, number, sampled)

    def go_on():
        sim.run(T)
        with pytest.raises(SimulationError, match="trial 3 failed: RuntimeError: no chip"):
            sim.run(5 * T)
        assert sim.get_current_time() == 3 * T
        sim.run(3 * T)

    setup = {"updates": 6, "trials_per_update": trials_per_update}
    broken = found(sim, script(sim, substrate=Fragile(), **setup), go_on)
    whole = found(sim, script(sim, substrate="model", **setup), lambda: sim.run(6 * T))
    assert broken["updates"] == whole["updates"] == 6 // trials_per_update
    for name in ("v", "y"):
        np.testing.assert_array_equal(broken[name], whole[name])
    for name in ("spikes", "weights"):
        for one, other in zip(broken[name], whole[name], strict=True):
            np.testing.assert_array_equal(one, other)


def test_what_a_chip_cannot_do_is_refused_before_it_runs():
    cells, _, (inputs, _) = script(sim)
    with pytest.raises(SimulationError, match="a chip runs whole trials of 100 steps; this run "
                                              "would go from step 0 to 150"):
        sim.run(150.0)
    assert sim.get_current_time() == 0.0
    with pytest.raises(UnsupportedError, match="eligibility traces are not recorded with a chip"):
        inputs.record("eligibility_trace")
    with pytest.raises(UnsupportedError, match=r"cell 'EPropALIF' is not known to stand-in; ch"):
        sim.Population(2, sim.EPropALIF())
    with pytest.raises(UnsupportedError, match=r"cell 'AnalogSource' is not known to stand-in"):
        sim.Population(2, sim.AnalogSource())
    script(sim, boundary="continuous")
    with pytest.raises(UnsupportedError, match="boundary='continuous': stand-in begins each trial"):
        sim.run(T)
    script(sim, cells=10)
    with pytest.raises(CapacityError, match="stand-in has 10 cells, the network 12"):
        sim.run(T)
    assert len(cells) == 12
