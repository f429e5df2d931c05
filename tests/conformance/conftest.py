"""The scenarios themselves are run by test_scenarios.py, in a process of their own."""

collect_ignore = ["scenarios"]
