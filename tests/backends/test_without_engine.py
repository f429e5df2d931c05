"""Backends on simulators of their own do without the compiled engine."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import sys
sys.modules["pynn_eprop.engine._eprop"] = None     # what Python has of a module it cannot import
import warnings
warnings.simplefilter("ignore")
import pynn_eprop.{backend} as sim

sim.setup(timestep=1.0, update_interval=20.0)
source = sim.Population(1, sim.SpikeSourceArray(spike_times=[3.0]))
cell = sim.Population(1, sim.EPropLIF())
readout = sim.Population(1, sim.EPropReadout(target=[[1.0] * 20]))
every = sim.AllToAllConnector()
sim.Projection(source, cell, every, sim.EPropSynapse(weight=1.0))
out = sim.Projection(cell, readout, every, sim.EPropSynapse(weight=1.0))
sim.Projection(readout, cell, every, sim.LearningSignal(weight=1.0),
               receptor_type="learning_signal")
sim.run(20.0)
assert sim.range_report() is None
print("learned", out.get("weight", "list", with_address=False)[0] != 1.0)
print("loaded", [name for name in sys.modules if name.startswith("pynn_eprop.engine")])
"""


@pytest.mark.parametrize("backend", ["nest", "brian2"])
def test_networks_learn_where_the_engine_is_not_compiled(backend):
    done = subprocess.run([sys.executable, "-c", SCRIPT.format(backend=backend)],
                          capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert "learned True\nloaded ['pynn_eprop.engine._eprop']" in done.stdout, done.stderr
