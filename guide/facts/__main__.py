"""``python -m guide.facts [FILE]``: list everything that a facts file lacks for a guide."""

from __future__ import annotations

import sys
from pathlib import Path

from guide.facts.load import problems
from hubfacts.location import default_path


def main(arguments: list[str]) -> int:
    """Print the problems of a facts file; return 1 if it has any."""
    path = Path(arguments[0]) if arguments else default_path()
    lines = problems(path)
    print("\n".join(lines) or f"{path}: complete", file=sys.stderr if lines else sys.stdout)
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
