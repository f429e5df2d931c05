"""The network between hosts and boards: packets that are lost, doubled, late and out of order."""

import heapq
import itertools
import random
import time
from collections.abc import Callable

from pynn_eprop.emulator.conditions import Conditions


class Direction:
    """One direction of the network. lost, doubled, late: shares of packets; late_ms: at most."""

    def __init__(self, lost: float, doubled: float, late: float, late_ms: float,
                 seed: str) -> None:
        self._lost, self._doubled, self._late = lost, doubled, late
        self._late_seconds = late_ms / 1000
        self._random = random.Random(seed)
        self.ideal = not (lost or doubled or late)
        self.lost = self.doubled = self.late = 0

    def delays(self) -> list[float]:
        """Seconds after which each copy of the next packet arrives; none of one that is lost."""
        if self.ideal:
            return [0.0]
        # always as many draws, so that one share changes nothing of the others' packets
        lost, doubled, *late = (self._random.random() for _ in range(6))
        if lost < self._lost:
            self.lost += 1
            return []
        copies = 1 + (doubled < self._doubled)
        self.doubled += copies - 1
        found = [how_late * self._late_seconds if whether < self._late else 0.0
                 for whether, how_late in zip(late[:2], late[2:], strict=True)][:copies]
        self.late += sum(delay > 0 for delay in found)
        return found


class BadNetwork:
    """What happens to packets of a machine's boards on their ways, and those that are late."""

    def __init__(self, conditions: Conditions) -> None:
        self._waiting: list[tuple[float, int, Callable[[], None]]] = []
        self._count = itertools.count()
        self.set_conditions(conditions)

    def set_conditions(self, conditions: Conditions) -> None:
        """Begin with other shares, and counts of 0; what is late already comes as it would."""
        seed = conditions.network_seed
        self.to_board = Direction(conditions.lost_to_board, conditions.doubled_to_board,
                                  conditions.late_to_board, conditions.late_ms, f"{seed} to board")
        self.to_host = Direction(conditions.lost_to_host, conditions.doubled_to_host,
                                 conditions.late_to_host, conditions.late_ms, f"{seed} to host")

    def carry(self, direction: Direction, deliver: Callable[[], None]) -> None:
        """Let a packet travel: ``deliver`` is called now or later, once, twice or never."""
        for delay in direction.delays():
            if delay:
                heapq.heappush(self._waiting,
                               (time.monotonic() + delay, next(self._count), deliver))
            else:
                deliver()

    def deliver_late(self) -> None:
        """Deliver the packets that are due."""
        while self._waiting and self._waiting[0][0] <= time.monotonic():
            heapq.heappop(self._waiting)[2]()

    def wait(self, longest: float | None) -> float | None:
        """Seconds until the next packet is due, or ``longest`` (None: for ever) if less."""
        if not self._waiting:
            return longest
        due = max(self._waiting[0][0] - time.monotonic(), 0.0)
        return due if longest is None else min(due, longest)
