"""Typed access to parsed HTML: Beautiful Soup may return text, a list or nothing for any attribute or element."""

from __future__ import annotations

from collections.abc import Iterable

from bs4 import BeautifulSoup, Tag
from bs4.element import AttributeValueList


def text_of(tag: Tag, name: str) -> str:
    """Return an attribute as text; empty if the element does not have it."""
    value = tag.get(name)
    return value if isinstance(value, str) else " ".join(value or ())


def classes_of(tag: Tag) -> list[str]:
    """Return the classes of an element; none if it has no such attribute."""
    value = tag.get("class")
    return value.split() if isinstance(value, str) else list(value or ())


def set_classes(tag: Tag, names: Iterable[str]) -> None:
    """Give an element these classes alone."""
    tag["class"] = AttributeValueList(names)


def with_attribute(tag: Tag, name: str) -> list[Tag]:
    """Return the elements inside ``tag`` that have the attribute ``name``, in order."""
    return [inner for inner in tag.find_all(True) if inner.has_attr(name)]


def head_of(soup: BeautifulSoup) -> Tag:
    """Return the head of a page. Raises ``ValueError`` if it has none."""
    return _required(soup, "head")


def root_of(soup: BeautifulSoup) -> Tag:
    """Return the ``html`` element of a page. Raises ``ValueError`` if it has none."""
    return _required(soup, "html")


def _required(soup: BeautifulSoup, name: str) -> Tag:
    tag = soup.find(name)
    if tag is None:
        raise ValueError(f"a page has no <{name}>")
    return tag
