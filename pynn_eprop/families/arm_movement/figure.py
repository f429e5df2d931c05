"""Figures of task 2.1: the paper's 3d, with the path of the tip, and the arm that moves."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.animation import FuncAnimation
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pynn_eprop.families.arm_movement.arm import LINK, angles, joints
from pynn_eprop.families.figure import TITLES, draw_one_shot
from pynn_eprop.families.trial import OUTPUT, OneShotTrial
from pynn_eprop.plotting.style import BLUE, GREY, INK, new_figure

FRAMES = 50
FRAME_MS = 100.0        # of real time, for a fiftieth of a trial

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


def draw_moving_arm(family: "ArmMovement", trials: tuple[OneShotTrial, OneShotTrial],
                    task: "Tasks") -> FuncAnimation:
    """The arm in both trials side by side, with the path that it has to follow."""
    figure = new_figure(5.6, 3.0)
    reach, goal = 2.0 * LINK * 1.05, np.asarray(task["goal"])
    places = np.linspace(0, family.steps - 1, FRAMES).astype(int)
    moving = []
    for axes, title, trial in zip(figure.subplots(1, 2), TITLES, trials, strict=True):
        axes.plot(*goal.T, color=GREY, linestyle="--")
        axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xticks=[], yticks=[],
                 title=title)
        (path,) = axes.plot([], [], color=BLUE)
        (arm,) = axes.plot([], [], color=INK, linewidth=2.0, marker="o", markersize=3.0)
        (there,) = axes.plot([], [], color=GREY, marker="o", linestyle="")
        moving.append((path, arm, there, *joints(angles(trial.y[OUTPUT], family.timestep))))

    def show(frame: int) -> Iterable[Artist]:
        at = places[frame]
        for path, arm, there, elbow, tip in moving:
            path.set_data(*tip[:at + 1].T)
            arm.set_data([0.0, elbow[at, 0], tip[at, 0]], [0.0, elbow[at, 1], tip[at, 1]])
            there.set_data(goal[at:at + 1, 0], goal[at:at + 1, 1])
        return ()

    return FuncAnimation(figure, show, frames=FRAMES, interval=FRAME_MS)
