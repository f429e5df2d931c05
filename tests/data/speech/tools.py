"""What a test needs from the system."""

import shutil

import pytest

needs_flite = pytest.mark.skipif(shutil.which("flite") is None, reason="flite is not installed")

TEXT = """
It was a bright cold day in the small town, and the clocks in the square were striking ten.
The old man who kept the garden gate had gone to see his sister by the sea. She was never very
well in winter! A letter had come for him; nobody knew who could have written it. "You must give
it to him yourself," said the girl who brought the milk, "for he will not be back before the end of
the week." Mr. Brown thought about the matter for a long while. He put the letter on the table
under the window and went out to look for the dog. When he came back it was gone. There was a smell
of fresh paint and of apples in the kitchen, and somebody had opened the door to the yard. The boys
were playing with a ball and some pieces of wood. None of them had seen anybody pass.
"""
