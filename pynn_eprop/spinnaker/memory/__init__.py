"""The memory of a core: the layout that host and core share, and a network written in it."""
