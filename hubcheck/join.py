"""Join the parts of the check to the one file that readers download: ``python -m hubcheck.join``."""

from __future__ import annotations

import sys
from pathlib import Path

from hubcheck.facts import as_part, guide_says
from hubfacts.load import FactsError
from hubfacts.location import default_path
from uploader.join import JoinError, join, read_part

FOLDER = Path(__file__).resolve().parent
SCRIPT = FOLDER.parent / "book" / "hub" / "check_hub.py"
# In the order of the script. A part may use only those before it.
PARTS = (
    "common",
    "facts",
    "private",
    "report",
    "variables",
    "machine",
    "packages",
    "account",
    "buckets",
    "storage",
    "speed",
    "archives",
    "gateway",
    "command",
)


def joined(hub_yml: Path) -> str:
    """Return the script for the hub with these facts."""
    sources = {name: (FOLDER / f"{name}.py").read_text(encoding="utf-8") for name in PARTS}
    sources["facts"] = as_part(guide_says(hub_yml))
    return join([read_part(name, source, "hubcheck") for name, source in sources.items()], "hubcheck")


def main() -> int:
    """Write the script; return 1 after one line on stderr if the parts do not fit together."""
    try:
        text = joined(default_path())
    except (JoinError, FactsError, SyntaxError, OSError) as error:
        print(f"hubcheck.join: {error}", file=sys.stderr)
        return 1
    SCRIPT.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
