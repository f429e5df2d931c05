"""Figure of task 2.1, as the paper's 3d: with the arm and the path of its tip."""

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pynn_eprop.families.arm_movement.arm import LINK, angles, joints
from pynn_eprop.families.figure import draw_one_shot
from pynn_eprop.families.trial import OUTPUT, OneShotTrial
from pynn_eprop.plotting.style import BLUE, GREY, INK

if TYPE_CHECKING:
    from pynn_eprop.families.arm_movement.family import ArmMovement
    from pynn_eprop.families.family import Tasks


def draw_arm_movement(family: "ArmMovement", trials: tuple[OneShotTrial, OneShotTrial],
                      task: "Tasks") -> Figure:
    """Rows of every family, and the paths; outputs are the velocities of the joints (rad/s)."""
    def path(axes: Axes, trial: OneShotTrial) -> None:
        angle = angles(trial.y[OUTPUT], family.timestep)
        elbow, tip = joints(angle)
        goal = np.asarray(task["goal"])
        axes.plot(*goal.T, color=GREY, linestyle="--", label="target")
        axes.plot(*tip.T, color=BLUE, label="tip")
        for place, strength in ((0, 0.25), (len(tip) // 2, 0.4), (len(tip) - 1, 0.9)):
            axes.plot([0.0, elbow[place, 0], tip[place, 0]], [0.0, elbow[place, 1], tip[place, 1]],
                      color=INK, alpha=strength, linewidth=2.0, marker="o", markersize=3.0)
        axes.set_aspect("equal")
        reach = 2.0 * LINK * 1.05
        axes.set(xlim=(-reach, reach), ylim=(-reach, reach), xlabel="x")
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.0)

    return draw_one_shot(family, trials, task, [("y", 2.6, path)])
