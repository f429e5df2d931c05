"""The host engine: a network description, trained in compiled C."""

from importlib import import_module
from pathlib import Path

from pynn_eprop.errors import not_compiled

try:
    import_module("pynn_eprop.engine._eprop")
except ModuleNotFoundError as error:
    raise not_compiled("the engine", Path(__file__).parents[2]) from error

from pynn_eprop.engine.host_engine import PRECISIONS, HostEngine, instruction_set
from pynn_eprop.engine.shared_engine import SharedEngine
from pynn_eprop.models.fixed_point import FixedPoint
from pynn_eprop.models.range_report import RangeReport

__all__ = ["PRECISIONS", "FixedPoint", "HostEngine", "RangeReport", "SharedEngine",
           "instruction_set"]
