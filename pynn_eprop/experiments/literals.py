"""Values as the command line writes them."""

import ast
from typing import Any


def parse_literal(text: str) -> Any:
    """The Python number, string, tuple or the like that the text is.

    Raises ValueError for all else, text that is too deeply nested to be read included.
    """
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        raise ValueError("not a value") from None


def parse_value(text: str) -> Any:
    """The value of an option NAME=VALUE: as :func:`parse_literal`, and names without quotes.

    Raises ValueError for all else.
    """
    try:
        return parse_literal(text)
    except ValueError:
        if all(part.isidentifier() for part in text.split("-")):        # as names of rules are
            return text
        raise


def value_text(value: Any) -> str:
    """The text from which :func:`parse_value` gives the value back."""
    if isinstance(value, str):
        try:
            return value if parse_value(value) == value else repr(value)
        except ValueError:
            return repr(value)
    return str(value)
