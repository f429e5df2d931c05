"""The chips of a machine: their monitors by place, and the IP tags of the boards they are on."""

from collections.abc import Callable

from pynn_eprop.emulator.geometry import Coordinates, Geometry
from pynn_eprop.emulator.monitor import Monitor
from pynn_eprop.emulator.tags import Tags


class Chips:
    """Monitors and tags, as commands find them.

    ``on_tags_changed`` is called with the Ethernet chip of a board whose tags were set or cleared.
    """

    def __init__(self, geometry: Geometry) -> None:
        self.geometry = geometry
        self.monitors: dict[Coordinates, Monitor] = {}
        self.routes: dict[Coordinates, dict[Coordinates, int]] = {}
        """For each chip the link of every other one that leads to it, and 7 of itself."""
        self.tags = {ethernet: Tags() for ethernet in geometry.ethernet_chips}
        self.on_tags_changed: Callable[[Coordinates], None] = lambda _: None

    def board_of(self, monitor: Monitor) -> list[Monitor]:
        """Monitors of the board of a chip."""
        ethernet = self._ethernet(monitor)
        return [self.monitors[place] for place, board in self.geometry.board.items()
                if board == ethernet]

    def _ethernet(self, monitor: Monitor) -> Coordinates:
        return self.geometry.board[monitor.chip.x, monitor.chip.y]

    def tags_of(self, monitor: Monitor) -> Tags:
        """IP tags of the board of a chip."""
        return self.tags[self._ethernet(monitor)]

    def tags_changed(self, monitor: Monitor) -> None:
        """Report that tags of the board of a chip were set or cleared."""
        self.on_tags_changed(self._ethernet(monitor))
