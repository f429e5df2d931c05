"""Brian2's network, which owns objects as soon as they are added."""

from typing import Any

import brian2


class OwningNetwork(brian2.Network):
    """A network that its objects belong to from the time they are added.

    Brian2 lets an object belong to a network when that first runs, and warns of each that is
    deleted before. But a script may build a network and call ``setup()`` again, or end with an
    error: then nothing is wrong with the objects that PyNN and this package made. Brian2 still
    warns of a script's own objects that are never added to a network.
    """

    def __init__(self, clock: Any) -> None:
        super().__init__()
        self.clock = clock

    def add(self, *objs: Any) -> None:
        """Add objects, or containers of objects."""
        for each in objs:
            if not isinstance(each, brian2.BrianObject):
                super().add(each)       # calls this method for the contents
            elif each not in self.objects:
                super().add(each)
                self._own(each)

    def _own(self, added: Any) -> None:
        added._network = self.id
        for each in added.contained_objects:
            self._own(each)
