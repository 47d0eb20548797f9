"""Write formulas as MathML, which browsers draw without a script, a font or another host."""

from __future__ import annotations

from docutils import nodes
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

_logger = logging.getLogger(__name__)


def _formula(node: nodes.Element, display: str) -> str:
    from latex2mathml.converter import convert  # not imported for a book without formulas

    try:
        return str(convert(node.astext(), display=display))
    except Exception as error:  # the library raises many kinds, and each means that nobody can read the formula
        _logger.warning("this formula is not LaTeX: %s (%r)", node.astext(), error, location=node)
        return ""


def visit_inline(translator: HTML5Translator, node: nodes.math) -> None:
    """Write a formula within a line."""
    translator.body.append(_formula(node, "inline"))
    raise nodes.SkipNode


def visit_block(translator: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula on its own line. If it is wider than a phone, it scrolls inside its frame."""
    translator.body.append(f'<div class="guide-formula" tabindex="0">{_formula(node, "block")}</div>')
    raise nodes.SkipNode
