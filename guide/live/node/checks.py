"""Run a page's hidden checks in Pyodide, where IPython's function that captures outputs does not exist."""

import contextlib
import io
from types import SimpleNamespace

from guide.run.kernel_checks import first_problem


@contextlib.contextmanager
def _capture():
    """Capture what is printed, as IPython's function of that purpose does."""
    texts = SimpleNamespace(stdout="", outputs=[])
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        yield texts
        texts.stdout = printed.getvalue()


def check(checks, namespace):
    """Return the first of ``checks`` that does not hold, and why; an empty text if all hold."""
    return first_problem(checks.to_py(), namespace, _capture)
