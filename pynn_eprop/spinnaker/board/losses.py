"""Packets that were lost or came twice: between which cores, when, and how many."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

NAMED = 3       # in an error; its folder has all of them
MOST = 20       # sentences of events
Range = tuple[int, int]


@dataclass(frozen=True)
class Loss:
    """Packets of one kind from one core to another that were not heard once each.

    what: "spikes", "errors" or "mirrored weights". sent, heard: how many since the last stop, in
    the intervals named; equal if some were lost and as many came twice. intervals: the first and
    the last of them, from 0, as the machine counts them; None if time has none. updates: the first
    and the last of those that may be wrong, from 1; None: nothing is learned from them.
    """

    receiver: str
    sender: str
    what: str
    sent: int
    heard: int
    intervals: Range | None = None
    updates: Range | None = None

    def sentence(self) -> str:
        """A sentence, "receiver: ...", with all numbers."""
        when = "" if self.intervals is None else f" in {_named('interval', self.intervals)}"
        wrong = "" if self.updates is None else \
            f"; {_named('update', self.updates)} cannot be trusted"
        but = ", but not each once" if self.sent == self.heard else ""
        return f"{self.receiver}: heard {self.heard} of {self.sent} {self.what} of " \
            f"{self.sender}{when}{but}{wrong}"


def _named(what: str, numbers: Range) -> str:
    first, last = numbers
    return f"{what} {first}" if first == last else f"{what}s {first} to {last}"


def joined(losses: Iterable[Loss]) -> list[Loss]:
    """One for each pair of cores and kind of packet, of all their intervals."""
    found: dict[tuple[str, str, str], Loss] = {}
    for loss in losses:
        key = loss.receiver, loss.sender, loss.what
        before = found.get(key)
        found[key] = loss if before is None else replace(
            loss, sent=before.sent + loss.sent, heard=before.heard + loss.heard,
            intervals=_hull(before.intervals, loss.intervals),
            updates=_hull(before.updates, loss.updates))
    return list(found.values())


def _hull(one: Range | None, other: Range | None) -> Range | None:
    if one is None or other is None:
        return one or other
    return min(one[0], other[0]), max(one[1], other[1])


def shortened(sentences: Sequence[str], most: int) -> list[str]:
    """The first of many sentences, and how many there are beside them."""
    more = len(sentences) - most
    return [*sentences] if more <= 0 else [*sentences[:most], f"and {more} more such losses"]
