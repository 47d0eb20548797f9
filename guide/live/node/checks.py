"""Run a page's hidden checks in Pyodide, where IPython's function that captures outputs does not exist."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from guide.run.kernel_checks import first_problem


@contextlib.contextmanager
def _capture() -> Iterator[SimpleNamespace]:
    """Capture what is printed, as IPython's function of that purpose does."""
    texts = SimpleNamespace(stdout="", outputs=[])
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        yield texts
        texts.stdout = printed.getvalue()


def check(checks: Any, namespace: dict[str, Any]) -> str:
    """Return the first of ``checks`` that does not hold, and why; an empty text if all hold."""
    return first_problem(checks.to_py(), namespace, _capture)
