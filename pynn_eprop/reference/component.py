"""The base class of the parts of the reference: named arrays are the whole state of a part."""

import numpy as np

from pynn_eprop.errors import CheckpointError


class Component:
    """A part whose state is the arrays named in ``variables`` (attributes of the instance)."""

    variables: tuple[str, ...] = ()

    def state(self) -> dict[str, np.ndarray]:
        """Copies of the state, by name."""
        return {name: np.array(getattr(self, name)) for name in self.variables}

    def restore(self, state: dict[str, np.ndarray], owner: str) -> None:
        """Restore a state that :meth:`state` returned.

        Raises :class:`CheckpointError` if a shape differs; ``owner`` is for the message.
        """
        for name in self.variables:
            expected, found = np.shape(getattr(self, name)), np.shape(state[name])
            if expected != found:
                raise CheckpointError(
                    f"{owner}/{name} has shape {found}, but this network needs {expected}; "
                    "build the network that the checkpoint was written with"
                )
        for name in self.variables:
            setattr(self, name, np.array(state[name], dtype=getattr(self, name).dtype))

    def take_back(self, state: dict[str, np.ndarray]) -> None:
        """Take over what :meth:`state` of this object gave, whatever has become of it since."""
        for name, array in state.items():
            setattr(self, name, array)
