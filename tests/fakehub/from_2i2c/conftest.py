"""A copy of the example checkout, which tests change."""

import shutil

import pytest


@pytest.fixture
def checkout(root, tmp_path):
    """A copy of the example, to be changed."""
    return shutil.copytree(root / "examples/from-2i2c", tmp_path / "checkout")
