"""``python -m guide.book_maker BUILDER OUT``: Jupyter Book's own way from sources to HTML, on all cores.

Its command line always takes one; a warning is an error.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from jupyter_book.sphinx import build_sphinx

from guide.book_settings import write_settings
from guide.runner import ROOT


def main(arguments: list[str]) -> int:
    """Make the book; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("builder", choices=["html", "linkcheck"])
    parser.add_argument("out", type=Path)
    parser.add_argument("--fresh", action="store_true", help="read all pages, also those that did not change")
    options = parser.parse_args(arguments)
    config, toc_file = write_settings()
    toc = {"external_toc_path": str(toc_file), "latex_individualpages": False}
    status = build_sphinx(
        ROOT,
        options.out / "html",
        path_config=config,
        noconfig=True,
        confoverrides=toc | {"nitpicky": True},
        doctreedir=options.out / ".doctrees",
        builder=options.builder,
        warningiserror=True,
        keep_going=True,
        force_all=options.fresh,
        freshenv=options.fresh,
        quiet=True,
        jobs=os.cpu_count() or 1,
    )
    return status if isinstance(status, int) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
