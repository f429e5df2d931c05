"""The host's number systems and its reference under one name each, for tests of all."""


def arithmetic(name: str) -> dict[str, str]:
    """Keywords of the host's ``setup()`` for "float32", "float64", "fixed" or "reference"."""
    return {"machine": name} if name == "reference" else {"precision": name}
