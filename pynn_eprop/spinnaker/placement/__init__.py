"""A network laid out on cores: where cells go, what they need, and the keys they send."""
