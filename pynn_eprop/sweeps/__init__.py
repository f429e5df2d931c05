"""Many runs at once: seeds and a grid of parameters, on several processes or machines."""

from pynn_eprop.sweeps.grid import Axis, Point, grid_points, parse_axis, parse_seeds
from pynn_eprop.sweeps.process import Ended
from pynn_eprop.sweeps.runs import Run, run_all

__all__ = ["Axis", "Ended", "Point", "Run", "grid_points", "parse_axis",
           "parse_seeds", "run_all"]
