"""Sentences for what cores report: why they gave up, what saturated, what went wrong."""

import numpy as np

from pynn_eprop.spinnaker.memory.layout import CORE_STATUS, Provenance, Status

_GAVE_UP = {
    Status.PAUSE_TOO_SHORT: "the pause after an interval was too short for the update: it took "
                            "{used} us, and {given} us were given; use setup(pause=...) or a "
                            "higher setup(max_rate=...)",
    Status.LOG_FULL: "the spikes that a core keeps did not fit its log: {used} spikes, and room "
                     "for {given}; use a higher setup(max_rate=...)",
    Status.NO_DTCM: "a core's own memory was too small: {used} bytes, and there are {given}; use "
                    "a smaller setup(neurons_per_core=...)",
    Status.WRONG_LAYOUT: "the application on the core is of another version ({used}) than this "
                         "package ({given}); build it again",
    Status.NO_CONSTANTS: "update {used} was due, but {given} had been prepared",
    Status.VALUES_ENDED: "values of step {used} of a stretch were needed, but there were {given}",
    Status.TARGET_ENDED: "interval {used} had begun, but targets were there for {given}",
    Status.PACKETS_LOST: "{used} packets found the receive buffer, of {given} places, full; use a "
                         "smaller setup(neurons_per_core=...) or lower rates",
}

_EVENTS = {
    Provenance.LATE_SPIKES: "{count} spikes arrived after their step and were counted at the next",
    Provenance.CUT_SPIKES: "{count} spikes were left out: more than 4096 of one cell in one step",
    Provenance.LOST_PACKETS: "{count} packets found the receive buffer full",
    Provenance.INCOMPLETE_SIGNALS: "at {count} steps errors of a learning signal were missing, or "
                                   "came twice",
    Provenance.UNKNOWN_KEYS: "{count} packets had keys that no projection has",
    Provenance.OVERRUNS: "{count} steps took longer than a time step (the longest {longest} us)",
}
_SATURATED = {
    Provenance.SATURATED_STATES: "states", Provenance.SATURATED_ARRIVALS: "arrivals",
    Provenance.SATURATED_ERRORS: "errors", Provenance.SATURATED_SIGNALS: "learning signals",
    Provenance.SATURATED_FILTERS: "filters", Provenance.SATURATED_RATES: "rate terms",
    Provenance.SATURATED_GRADIENTS: "gradients", Provenance.SATURATED_WEIGHTS: "weights",
}


def gave_up(status: bytes) -> str | None:
    """A sentence on when and why a core gave up, or None."""
    entry = np.frombuffer(status[:CORE_STATUS.dtype.itemsize], CORE_STATUS.dtype)[0]
    code = int(entry["code"])
    if code == Status.RUNNING or code not in set(Status):
        return None
    reason = _GAVE_UP[Status(code)].format(used=int(entry["used"]), given=int(entry["given"]))
    return f"in interval {int(entry['interval'])}: {reason}"


def saturated(provenance: np.ndarray) -> dict[str, int]:
    """Counts of what reached the limit of its format, from a core's provenance."""
    return {what: int(provenance[item]) for item, what in _SATURATED.items()}


def events(label: str, provenance: np.ndarray) -> list[str]:
    """Sentences on what went wrong on a core without stopping it, one for each event."""
    return [f"{label}: " + text.format(count=int(provenance[item]),
                                       longest=int(provenance[Provenance.LONGEST_TICK]))
            for item, text in _EVENTS.items() if provenance[item]]
