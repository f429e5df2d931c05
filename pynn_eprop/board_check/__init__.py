"""``pynn-eprop board-check``: whether a SpiNNaker board computes what the host computes.

Small networks of every kind (``networks/``, listed in ``cases.py``) run on the board and on the
host in fixed point; what they record and learn must be equal, bit for bit (``recorded.py``).
Counters of cores and routers (``counts.py``, ``routers.py``) are judged (``counters.py``), and
facts about the machine are gathered (``machine_facts.py``). ``check.py`` goes through the networks,
``report.py`` writes everything down.
"""
