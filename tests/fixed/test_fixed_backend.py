"""Fixed point through PyNN: set-up, warnings, annotations, resets and checkpoints."""

import numpy as np
import pytest

import pynn_eprop.host as sim
from pynn_eprop import SGD, FixedPoint
from pynn_eprop.errors import NetworkError, SetupError, UnsupportedError


def build(weight=0.5, optimizer=None, **options):
    """Sources that drive LIF cells and a readout; the readout population."""
    sim.setup(timestep=1.0, update_interval=20.0, precision="fixed", **options)
    sources = sim.Population(3, sim.SpikeSourceArray(
        spike_times=[list(range(k, 200, 3)) for k in range(3)]), label="sources")
    cells = sim.Population(5, sim.EPropLIF(v_thresh=0.6), label="cells")
    readout = sim.Population(1, sim.EPropReadout(loss="mse", target=np.ones((1, 20))),
                             label="readout")
    synapse = sim.EPropSynapse(weight=weight, optimizer=optimizer or SGD(lr=0.001))
    forward = sim.Projection(sources, cells, sim.AllToAllConnector(), synapse, label="forward")
    sim.Projection(cells, readout, sim.AllToAllConnector(), synapse, label="out")
    sim.Projection(readout, cells, sim.AllToAllConnector(), sim.LearningSignal(weight=0.5),
                   receptor_type="learning_signal")
    readout.record(["y", "loss"])
    return readout, forward


def test_a_run_without_saturation_has_a_report_and_no_annotation():
    readout, forward = build()
    assert sim.range_report() is None
    sim.run(100.0)
    report = sim.range_report()
    assert report.warnings == ()
    assert {projection.label for projection in report.projections} == {"forward", "out"}
    weights = forward.get("weight", format="array")
    bits = report.projections[0].bits + 16
    np.testing.assert_array_equal(weights * 2.0 ** bits, np.round(weights * 2.0 ** bits))
    assert "saturations" not in readout.get_data().segments[0].annotations


@pytest.mark.parametrize("v_thresh", [0.5, 0.14])
def test_thresholds_that_need_another_format_of_clopaths_factor_are_refused(v_thresh):
    """16 bits hold 16 v_th^2, so that a threshold of up to about 0.12 fits where 0.1 does."""
    sim.setup(timestep=1.0, update_interval=20.0, precision="fixed")
    sources = sim.Population(3, sim.SpikeSourceArray(spike_times=[2.0, 5.0]))
    cells = sim.Population(2, sim.EPropLIF(v_thresh=0.1), label="cells")
    sim.Projection(sources, cells, sim.AllToAllConnector(),
                   sim.EPropSynapse(weight=0.1, rule="clopath", optimizer=SGD(lr=0.001)))
    readout = sim.Population(1, sim.EPropReadout(loss="mse", target=np.ones((1, 20))))
    sim.Projection(readout, cells, sim.AllToAllConnector(), sim.LearningSignal(weight=0.5),
                   receptor_type="learning_signal")
    sim.run(20.0)
    cells.set(v_thresh=0.11)
    sim.run(20.0)
    with pytest.raises(NetworkError, match=f"cells: with v_thresh={v_thresh} the factor of rule "
                                           "'clopath' does not fit the format"):
        cells.set(v_thresh=v_thresh)
        sim.run(20.0)


def test_saturation_is_a_warning_and_an_annotation():
    readout, _ = build(optimizer=SGD(lr=100.0), fixed_point=FixedPoint({"forward": 14, "out": 14}))
    with pytest.warns(UserWarning, match="reached the limit of their fixed-point format"):
        sim.run(100.0)
    assert "weights" in readout.get_data().segments[0].annotations["saturations"]
    sim.reset()
    sim.run(20.0)
    first, second = readout.get_data().segments
    assert "weights" in first.annotations["saturations"]
    assert sim.range_report().projections[0].saturated["weights"] == 0
    assert "weights" not in second.annotations.get("saturations", "")


def test_a_reset_that_keeps_weights_goes_on_with_the_same_bits():
    _, forward = build()
    sim.run(100.0)
    before = forward.get("weight", format="array")
    sim.reset(keep_weights=True)
    sim.run(0.0)
    np.testing.assert_array_equal(forward.get("weight", format="array"), before)


def test_a_checkpoint_goes_on_with_the_same_bits(tmp_path):
    _, forward = build()
    sim.run(60.0)
    sim.save_checkpoint(tmp_path / "checkpoint")
    sim.run(60.0)
    expected = forward.get("weight", format="array")
    _, forward = build()
    sim.load_checkpoint(tmp_path / "checkpoint")
    sim.run(60.0)
    np.testing.assert_array_equal(forward.get("weight", format="array"), expected)


def test_what_fixed_point_cannot_do_is_refused():
    with pytest.raises(SetupError, match="fixed_point"):
        sim.setup(precision="float32", fixed_point=FixedPoint())
    build(boundary="continuous")
    with pytest.raises(UnsupportedError, match="boundary='reset'"):
        sim.run(20.0)
