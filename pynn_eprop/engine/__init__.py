"""The host engine: a network description, trained in compiled C."""

from pynn_eprop.engine.host_engine import PRECISIONS, HostEngine, instruction_set

__all__ = ["PRECISIONS", "HostEngine", "instruction_set"]
