"""A network that runs: its schedule, stretches of a run, what it has learned and recorded."""
