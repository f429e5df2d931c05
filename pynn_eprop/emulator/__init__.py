"""A SpiNNaker board in software that unmodified sPyNNaker connects to.

``pynn-eprop board --chips 4`` serves one until stopped; in a script::

    from pynn_eprop.emulator import Board

    with Board(chips=4) as board:
        ...  # any sPyNNaker script

docs/emulator.md says what it models and what it does not. It needs nothing else of the package but
the errors.
"""

from pynn_eprop.emulator.board import Board
from pynn_eprop.emulator.faults import Fault, FaultKind
from pynn_eprop.emulator.status import BoardStatus, CoreStatus

__all__ = ["Board", "BoardStatus", "CoreStatus", "Fault", "FaultKind"]
