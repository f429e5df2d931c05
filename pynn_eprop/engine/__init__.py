"""The host engine: a network description, trained in compiled C."""

from pynn_eprop.engine.host_engine import PRECISIONS, HostEngine, instruction_set
from pynn_eprop.engine.range_report import RangeReport
from pynn_eprop.models.fixed_point import FixedPoint

__all__ = ["PRECISIONS", "FixedPoint", "HostEngine", "RangeReport", "instruction_set"]
