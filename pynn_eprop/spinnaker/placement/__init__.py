"""A network laid out on cores: which cells go where, what they need, and the keys they send."""
