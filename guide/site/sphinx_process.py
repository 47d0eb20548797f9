"""``python -m guide.site.sphinx_process BUILDER OUT``: run Jupyter Book on all cores, with warnings as errors.

Jupyter Book's own command line always uses one core.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import os
import shutil
import sys
import types
from pathlib import Path

from guide.paths import ROOT
from guide.site.options import SiteOptions, parse_options

# The environment that Sphinx pickles, and a copy of that of the last build that succeeded.
_LAST, _LAST_GOOD = "environment.pickle", "environment.good.pickle"

# Extensions that Sphinx or Jupyter Book name by strings and import late.
_EXTENSIONS = ("myst_nb.sphinx_ext", "sphinx_book_theme", "sphinx_design", "sphinx_copybutton", "sphinx_togglebutton")
# Modules that run notebooks, which Jupyter Book and MyST-NB import.
_EXECUTION = (
    "jupyter_client",
    "jupyter_client.kernelspec",
    "myst_nb.core.execute.cache",
    "myst_nb.core.execute.direct",
    "myst_nb.core.execute.inline",
)
# What jsonschema checks formats with, if it is installed; the settings of a book have no formats.
_FORMATS = ("fqdn", "isoduration", "rfc3339_validator", "rfc3986_validator", "rfc3987_syntax", "webcolors")


def import_all() -> None:
    """Import everything that a build needs."""
    gc.disable()
    leave_out_unused()
    import jupyter_book.sphinx  # noqa: F401
    import yaml
    from sphinx.application import builtin_extensions

    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    for name in (*builtin_extensions, *_EXTENSIONS, *settings["sphinx"]["extra_extensions"]):
        importlib.import_module(name)
    gc.enable()
    gc.freeze()  # modules are no garbage, and every copy of this process would search them


def leave_out_unused() -> None:
    """Spare imports that take a quarter of a second: Jupyter Book and MyST-NB import more than this book uses.

    It runs no notebooks (see ``recorded_cells``), so the modules for that are replaced by ones without functions.
    """
    for name in _EXECUTION:
        module = types.ModuleType(name)
        module.__getattr__ = _nothing  # type: ignore[method-assign]
        sys.modules.setdefault(name, module)
    for name in _FORMATS:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # as if it were not installed


def _nothing(name: str) -> type:
    if name.startswith("__"):  # Python asks a module for these
        raise AttributeError(name)
    return type(name, (), {})


def main(arguments: list[str]) -> int:
    """Build the book as the command line says; return an exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("builder", choices=["html", "linkcheck"])
    parser.add_argument("out", type=Path)
    namespace, options = parse_options(parser, arguments)
    return build(namespace.builder, namespace.out, options)


def build(builder: str, out: Path, options: SiteOptions) -> int:
    """Build the book into the folder ``out``; return an exit status."""
    gc.disable()  # until early_start enables it: what is imported and loaded before is no garbage
    leave_out_unused()
    from jupyter_book.sphinx import build_sphinx

    from guide.site.settings import write_settings

    config, toc_file = write_settings()
    doctrees = out / ".doctrees"
    _restore_last_good_environment(doctrees)
    toc = {"external_toc_path": str(toc_file), "latex_individualpages": False}
    status = build_sphinx(
        ROOT,
        out / "html",
        path_config=config,
        noconfig=True,
        confoverrides=toc | {"nitpicky": True} | options.configuration(),
        doctreedir=doctrees,
        builder=builder,
        warningiserror=True,
        keep_going=True,
        quiet=True,
        # Sphinx writes with one process fewer, as it reserves one for what it does between them; that takes little.
        jobs=(os.cpu_count() or 1) + 1,
    )
    if status == 0:
        shutil.copyfile(doctrees / _LAST, doctrees / _LAST_GOOD)
    return status if isinstance(status, int) else 1


def _restore_last_good_environment(doctrees: Path) -> None:
    """Restore the environment of the last build that succeeded, so that Sphinx repeats later warnings about pages."""
    if (doctrees / _LAST_GOOD).is_file():
        shutil.copyfile(doctrees / _LAST_GOOD, doctrees / _LAST)
    else:
        (doctrees / _LAST).unlink(missing_ok=True)


if __name__ == "__main__":
    status = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # the site is written; removing all modules from memory would take time for nothing
