"""The integration method for the equations of PyNN's own cells."""

from typing import Any

from brian2.stateupdaters.base import StateUpdateMethod, UnsupportedEquationsException


def choose_integration(group: Any) -> None:
    """Give a group the method that Brian2 would choose for its equations.

    PyNN leaves the choice to Brian2, which logs it each time, as a script that wrote the equations
    may want another; a script that names a PyNN cell cannot choose.
    """
    methods = group.state_updater.method_choice

    def first_that_fits(equations: Any, variables: Any, options: Any = None) -> Any:
        for name in methods:
            try:
                return StateUpdateMethod.stateupdaters[name](equations, variables, options)
            except UnsupportedEquationsException:
                continue
        raise UnsupportedEquationsException(f"none of {list(methods)} integrates {equations}")

    if not isinstance(methods, str) and not callable(methods):
        group.state_updater.method_choice = first_that_fits
