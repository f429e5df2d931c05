"""From what a script gives to arrays: connections, values, draws, the network's description."""
