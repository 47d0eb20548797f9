"""Import a package that stands above this one."""

import guide.paths  # noqa: F401
