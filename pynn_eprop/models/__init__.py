"""Parameter tables, optimisers, losses, pseudo-derivatives, and the plain network description."""
