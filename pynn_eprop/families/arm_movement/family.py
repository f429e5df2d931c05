"""Task 2.1 of Bellec et al. (2019): target movements, and the cost of a movement."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pynn_eprop.errors import TaskError
from pynn_eprop.families.arm_movement.arm import angles, tip
from pynn_eprop.families.family import COSINE, Family, Tasks
from pynn_eprop.families.trial import OneShotTrial
from pynn_eprop.tasks.paper import BELLEC_2019
from pynn_eprop.tasks.quantities import quantity, require_positive, require_whole

if TYPE_CHECKING:
    from matplotlib.animation import Animation
    from matplotlib.figure import Figure

_JOINTS = 2


@dataclass(frozen=True)
class ArmMovement(Family):
    """Move the tip of an arm as shown once. The readouts are the velocities of its two joints.

    The goal, which the error module sees, is the movement of the tip in the plane. A task has the
    ``velocity`` of the joints that it was made from, (steps, 2) in rad/s, and the ``goal``,
    (steps, 2).
    """

    name: ClassVar[str] = "arm-movement"
    title: ClassVar[str] = "One-shot learning of arm movements (task 2.1)"
    error_name: ClassVar[str] = "mse of the tip"
    n_outputs: ClassVar[int] = _JOINTS
    n_goals: ClassVar[int] = 2
    output_names: ClassVar[tuple[str, ...]] = ("joint 1,\nrad/s", "joint 2,\nrad/s")
    sizes: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "full": {},
        "medium": {"n_neurons": 200, "n_module": 150, "batch": 32, "lr": 0.003, "decay": COSINE,
                   "iterations": 6000},
        "small": {"n_neurons": 100, "n_module": 100, "batch": 16, "lr": 0.003, "decay": COSINE,
                  "iterations": 4000},
    }
    paper_result: ClassVar[str] = "mse of the tip 0.005 after one update"
    reference: ClassVar[str] = BELLEC_2019

    n_sines: int = quantity(5, "", "sinusoids in the target velocity of a joint (eq. 60)")
    amplitudes: tuple[float, float] = quantity(
        (0.0, 30.0), "rad/s", "range of their amplitudes, uniform")
    periods: tuple[float, float] = quantity(
        (0.3, 1.0), "", "range of their numbers of periods in a trial, uniform")
    swing: float = quantity(20.0, "rad/s", "between the least and the largest value of a sinusoid "
                            "of the second joint, scaled to it")
    reach: float = quantity(float(np.pi / 2.0), "rad", "farthest from the start that a joint gets; "
                            "the velocities of one that would get farther are scaled")

    def __post_init__(self) -> None:
        super().__post_init__()
        require_whole(self.n_sines, "n_sines", 1, self.name)
        for name in ("amplitudes", "periods"):
            value = getattr(self, name)
            if len(value) != 2 or not 0.0 <= value[0] <= value[1] or not value[1] > 0.0:
                raise TaskError(f"{self.name}: {name}={value!r} must be two numbers, the least "
                                ">= 0 and the largest > 0")
        require_positive(self.reach, "reach", "rad", self.name)
        if self.swing < 0.0:
            raise TaskError(f"{self.name}: swing={self.swing!r} rad/s must be >= 0")

    def draw(self, count: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Movements by eq. 60, within the limits of the joints."""
        shape = (count, _JOINTS, self.n_sines, 1)
        amplitude = rng.uniform(*self.amplitudes, shape)
        periods = rng.uniform(*self.periods, shape)
        phase = rng.uniform(0.0, 2.0 * np.pi, shape)
        part = np.arange(1, self.steps + 1) / self.steps
        sines = amplitude * np.sin(2.0 * np.pi * periods * part + phase)
        second = sines[:, 1]
        second *= self.swing / (second.max(axis=-1, keepdims=True)
                                - second.min(axis=-1, keepdims=True))
        velocity = sines.sum(axis=2).transpose(0, 2, 1)
        turned = angles(velocity, self.timestep) - angles(np.zeros((1, 2)), self.timestep)
        farthest = np.abs(turned).max(axis=1, keepdims=True)
        velocity *= np.minimum(1.0, self.reach / np.maximum(farthest, 1e-9))
        return {"velocity": velocity, "goal": tip(velocity, self.timestep)}

    def loss(self, y: Any, task: Tasks, xp: Any) -> Any:
        """Squared errors of the tip and of the joints' velocities, summed over steps (eq. 61)."""
        return xp.sum(self.goal_error(y, task, xp) ** 2) \
            + xp.sum(self.output_error(y, task, xp) ** 2)

    def error(self, y: Any, task: Tasks, xp: Any) -> Any:
        """Squared error of the tip, mean over steps and coordinates."""
        return xp.mean(self.goal_error(y, task, xp) ** 2)

    def output_target(self, task: Tasks) -> Any:
        """Velocities of the joints that make the movement."""
        return task["velocity"]

    def draw_figure(self, trials: tuple[OneShotTrial, OneShotTrial], task: Tasks) -> "Figure":
        """A figure as the paper's 3d: with the path of the tip."""
        from pynn_eprop.families.arm_movement.figure import draw_arm_movement
        return draw_arm_movement(self, trials, task)

    def draw_movement(self, trials: tuple[OneShotTrial, OneShotTrial], task: Tasks) -> "Animation":
        """The arm in both trials, at a tenth of its speed."""
        from pynn_eprop.families.arm_movement.figure import draw_moving_arm
        return draw_moving_arm(self, trials, task)

    def output_error(self, y: Any, task: Tasks, xp: Any) -> Any:
        """Errors of the joints' velocities, rad/s."""
        return y - task["velocity"]

    def goal_error(self, y: Any, task: Tasks, xp: Any) -> Any:
        """Errors of the tip."""
        return tip(y, self.timestep, xp) - task["goal"]
