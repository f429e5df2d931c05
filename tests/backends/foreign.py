"""Values that no parameter takes."""


class Odd:
    """An object of no kind that is known."""

    def __repr__(self) -> str:
        return "Odd()"
