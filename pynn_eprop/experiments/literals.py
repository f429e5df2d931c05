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
