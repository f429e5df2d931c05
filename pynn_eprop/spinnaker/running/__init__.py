"""A network that runs: its schedule, the stretches of a run, what it has learned and recorded."""
