"""A function without types."""


def add(one, other):
    """Add two values of unknown types."""
    return one + other
