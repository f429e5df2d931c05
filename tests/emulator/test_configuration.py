"""The environment of a script while an emulated board is there, and what is left behind."""

import os
import signal

from pynn_eprop.emulator.configuration import CFG_NAME, configured


def test_nothing_is_left_behind():
    """sPyNNaker takes SIGINT for itself in setup() and keeps it."""
    home, handler = os.environ.get("HOME"), signal.getsignal(signal.SIGINT)
    with configured("127.0.3.1", 3) as folder:
        assert os.environ["HOME"] == str(folder)
        assert "machine_name = 127.0.3.1\nversion = 3" in (folder / CFG_NAME).read_text()
        signal.signal(signal.SIGINT, lambda number, frame: None)
    assert os.environ.get("HOME") == home
    assert signal.getsignal(signal.SIGINT) is handler
    assert not folder.exists()
