"""``python -m guide.site.sphinx_process BUILDER OUT``: Jupyter Book's own way from sources to HTML, on all cores.

Its command line always takes one; a warning is an error.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import os
import shutil
import sys
from pathlib import Path

import yaml
from jupyter_book.sphinx import build_sphinx
from sphinx.application import builtin_extensions

from guide.paths import ROOT
from guide.site.settings import write_settings

# Sphinx's own note of what it has read, and a copy of that of the last build that succeeded.
_READ, _SOUND = "environment.pickle", "environment.sound.pickle"

# What the settings name by strings, and Sphinx imports late.
_NAMED = ("myst_nb.sphinx_ext", "sphinx_book_theme", "sphinx_design", "sphinx_copybutton", "sphinx_togglebutton")


def import_all() -> None:
    """Import what making a book takes."""
    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    gc.disable()
    for name in (*builtin_extensions, *_NAMED, *settings["sphinx"]["extra_extensions"]):
        importlib.import_module(name)
    gc.enable()
    gc.freeze()  # no garbage, which every copy would look through


def main(arguments: list[str]) -> int:
    """Make the book; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("builder", choices=["html", "linkcheck"])
    parser.add_argument("out", type=Path)
    options = parser.parse_args(arguments)
    gc.disable()  # until it is ready (see early_start): what it imports is no garbage
    config, toc_file = write_settings()
    doctrees = options.out / ".doctrees"
    _go_back_to_success(doctrees)
    toc = {"external_toc_path": str(toc_file), "latex_individualpages": False}
    status = build_sphinx(
        ROOT,
        options.out / "html",
        path_config=config,
        noconfig=True,
        confoverrides=toc | {"nitpicky": True},
        doctreedir=doctrees,
        builder=options.builder,
        warningiserror=True,
        keep_going=True,
        quiet=True,
        jobs=os.cpu_count() or 1,
    )
    if status == 0:
        shutil.copyfile(doctrees / _READ, doctrees / _SOUND)
    return status if isinstance(status, int) else 1


def _go_back_to_success(doctrees: Path) -> None:
    """Take for read what was read when a build last succeeded: what Sphinx said of a page it would not say again."""
    if (doctrees / _SOUND).is_file():
        shutil.copyfile(doctrees / _SOUND, doctrees / _READ)
    else:
        (doctrees / _READ).unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
