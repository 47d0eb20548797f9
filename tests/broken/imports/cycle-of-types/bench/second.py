"""The other half of a cycle."""

import bench.first  # noqa: F401
