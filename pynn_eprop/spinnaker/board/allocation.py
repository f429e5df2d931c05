"""Machines that are lent: by spalloc servers, classic or new, or by a remote service."""

from contextlib import suppress
from types import TracebackType
from typing import Any

from spalloc_client import Job
from spalloc_client.protocol_client import (
    ProtocolClient,
    ProtocolError,
    ProtocolTimeoutError,
    SpallocServerException,
)
from spalloc_client.states import JobState
from spinn_front_end_common.data import FecDataView
from spinnman.exceptions import SpinnmanException
from spinnman.spalloc import SpallocState
from spinnman.spalloc.spalloc_allocator import SpallocJobController

TROUBLE = (SpinnmanException, OSError, ValueError, ProtocolError, ProtocolTimeoutError,
           SpallocServerException)
"""Errors of a machine that does not answer, and of a server that does not or says no."""
_LOOK_FOR = "_get_transceiver"      # sPyNNaker's function that gets a machine
_SECONDS = 5.0
_ENDED = "the spalloc server has ended "


def while_getting_a_machine(error: BaseException) -> bool:
    """Whether sPyNNaker raised the error before it had a machine, and because it got none."""
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_name == _LOOK_FOR:
            return True
        trace = trace.tb_next
    return False


def taken_back() -> str | None:
    """A sentence on the job that the machine was lent for, if its server has ended it."""
    with suppress(Exception):       # the failure itself is to be reported
        if FecDataView.has_allocation_controller():
            controller: Any = FecDataView.get_allocation_controller()
            if isinstance(controller, SpallocJobController):
                # its session is closed once the job has ended, so that no reason can be asked for
                return f"{_ENDED}the job and taken the machine back" \
                    if controller._state is SpallocState.DESTROYED else None
            return _of_classic(getattr(controller, "_job", None))
    return None


def _of_classic(job: Any) -> str | None:
    if not isinstance(job, Job):
        return None
    # over a connection of its own: that of the job may be closed
    server: Any = vars(job)["_client"]
    with ProtocolClient(server._hostname, server._port, _SECONDS) as client:
        state = client.get_job_state(job.id, timeout=_SECONDS)
    if state["state"] not in (JobState.unknown, JobState.destroyed):
        return None
    reason = f": {state['reason']}" if state["reason"] else ""
    return f"{_ENDED}job {job.id} and taken the machine back{reason}"
