"""Fixtures for tests of pages."""

import pytest

from guide.pages.reader import read_page


@pytest.fixture
def page(tmp_path):
    """A function that writes a page with this text and reads it."""

    def read(text: str, name: str = "page.md"):
        (tmp_path / name).write_text(text)
        return read_page(tmp_path / name, tmp_path)

    return read
