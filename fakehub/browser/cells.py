"""Run cells as a notebook does: outputs in the format of notebooks, with representations, figures and errors.

``text/plain`` comes from IPython's own pretty printer, so lists and dictionaries break their lines as in JupyterLab.
"""

from __future__ import annotations

import ast
import base64
import builtins
import io
import linecache
import sys
import tokenize
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType, TracebackType
from typing import Any

try:
    import ipython_pretty as pretty  # the one module of IPython that a browser gets
except ImportError:
    from IPython.lib import pretty

# An output as notebooks store it.
Output = dict[str, Any]
_FILE = "<cell {}>"
# Methods of objects, and the type that each one returns.
_REPRESENTATIONS = {
    "_repr_html_": "text/html",
    "_repr_markdown_": "text/markdown",
    "_repr_svg_": "image/svg+xml",
    "_repr_png_": "image/png",
    "_repr_jpeg_": "image/jpeg",
    "_repr_latex_": "text/latex",
    "_repr_json_": "application/json",
}


class _Stream:
    """A standard stream whose text becomes outputs."""

    encoding, errors, closed = "utf-8", "strict", False

    def __init__(self, name: str, emit: Callable[[Output], None]) -> None:
        self.name, self._emit = name, emit

    def write(self, text: str) -> int:
        if text:
            self._emit({"output_type": "stream", "name": self.name, "text": text})
        return len(text)

    def writelines(self, lines: Iterator[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Do nothing: every text is shown when it is written."""

    def isatty(self) -> bool:
        return False

    def writable(self) -> bool:
        return True


class Cells:
    """Runs cells one after the other in one namespace; ``emit`` gets each output as soon as it is there.

    The namespace is that of ``__main__``, as in a kernel.
    """

    def __init__(self, emit: Callable[[Output], None]) -> None:
        self._emit, self._count = emit, 0
        module = sys.modules["__main__"] = ModuleType("__main__")
        self.namespace = vars(module)
        self.namespace["__builtins__"] = builtins
        self.namespace["display"] = builtins.display = self.display  # type: ignore[attr-defined]

    def run(self, source: str) -> bool:
        """Run a cell and return whether it ended without an error."""
        self._count += 1
        file = _FILE.format(self._count)
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        with self._streams():
            try:
                self._execute(source, file)
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                sys.last_type, sys.last_value, sys.last_traceback = type(error), error, error.__traceback__
                self._emit(_error(error))
                return False
            finally:
                self.show_figures()
        return True

    def _execute(self, source: str, file: str) -> None:
        tree = ast.parse(source, file)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, file, "exec"), self.namespace)
        if not isinstance(last, ast.Expr):
            return
        value = eval(compile(ast.Expression(last.value), file, "eval"), self.namespace)  # noqa: S307 - the reader's own
        if value is not None:
            self.namespace["_"] = value
            if not _ends_with_semicolon(source):
                self._emit({"output_type": "execute_result", "execution_count": self._count, **bundle(value)})

    @contextmanager
    def _streams(self) -> Iterator[None]:
        """Send what is printed to the outputs."""
        before = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = _Stream("stdout", self._emit), _Stream("stderr", self._emit)
        try:
            yield
        finally:
            sys.stdout, sys.stderr = before

    def display(self, *values: Any) -> None:
        """Show values, as IPython's function of that name does."""
        for value in values:
            self._emit({"output_type": "display_data", **bundle(value)})

    def show_figures(self) -> None:
        """Show the open figures of pyplot and close them, as at the end of a cell."""
        pyplot = sys.modules.get("matplotlib.pyplot")
        if pyplot is not None:
            for number in pyplot.get_fignums():
                self.display(pyplot.figure(number))
            pyplot.close("all")


def _ends_with_semicolon(source: str) -> bool:
    """Return whether a semicolon is the last token of a cell, so that its value is not shown."""
    kinds = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER}
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return [token.string for token in tokens if token.type not in kinds][-1:] == [";"]


def bundle(value: Any) -> Output:
    """Return the representations of ``value`` by their types, and their metadata."""
    data: dict[str, Any] = {}
    metadata: dict[str, Any] = {}
    if "matplotlib.figure" in sys.modules and isinstance(value, sys.modules["matplotlib.figure"].Figure):
        from fakehub.browser import figures

        picture = figures.print_figure(value, base64=True)
        if picture:
            data["image/png"] = picture
            metadata = {"versions": figures.kept_versions()}
    if isinstance(value, type):
        return {"data": {"text/plain": pretty.pretty(value)}, "metadata": {}}
    mimebundle = getattr(value, "_repr_mimebundle_", None)
    if callable(mimebundle):
        data |= mimebundle() or {}
    else:
        for name, kind in _REPRESENTATIONS.items():
            method = getattr(value, name, None)
            shown = method() if callable(method) else None
            if shown is not None:
                data[kind] = base64.b64encode(shown).decode() if isinstance(shown, bytes) else shown
    data["text/plain"] = pretty.pretty(value)
    return {"data": data, "metadata": metadata}


def _error(error: BaseException) -> Output:
    """Return an error: its last line, as pages show it, and in ``details`` where it happened in the cells."""
    return {
        "output_type": "error",
        "ename": type(error).__name__,
        "evalue": str(error),
        "traceback": [f"{type(error).__name__}: {error}"],
        "details": _where(error, error.__traceback__),
    }


def _where(error: BaseException, trace: TracebackType | None) -> str:
    """Return the traceback, without the frames of this module."""
    frames = [frame for frame in traceback.extract_tb(trace) if frame.filename != __file__]
    lines = ["Traceback (most recent call last):\n"] if frames else []
    return "".join([*lines, *traceback.format_list(frames), *traceback.format_exception_only(error)])
