"""A thread with a stack of 256 kB, which an array of a network's size does not fit."""

import threading
from collections.abc import Callable


def in_a_small_stack(work: Callable[[], None]) -> None:
    """Do some work there."""
    usual = threading.stack_size(256 * 1024)
    try:
        thread = threading.Thread(target=work)
        thread.start()
    finally:
        threading.stack_size(usual)
    thread.join()
