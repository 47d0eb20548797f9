"""One half of a cycle, for type checkers alone."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import bench.second  # noqa: F401
