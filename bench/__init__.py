"""Measures the stand-in beside the other fakes of Google Cloud Storage; ``make bench`` runs it."""

import sys
from pathlib import Path

# The site is built and served by the guide's own modules, which are no installed package.
sys.path.insert(0, str(Path(__file__).parents[1] / "book" / "_ext"))
