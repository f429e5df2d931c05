"""From PyNN objects to arrays: connections, values, draws, the network's description."""
