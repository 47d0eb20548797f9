def size() -> int:
    """Return the size of an store."""
    return 1
