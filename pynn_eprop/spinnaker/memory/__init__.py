"""What a core's memory holds: the layout that host and core share, and a network written in it."""
