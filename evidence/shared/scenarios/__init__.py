"""PyNN's own system scenarios: fetched, run on a backend in a process of their own."""
