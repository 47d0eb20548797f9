"""Import a layer of the guide that stands above this one."""

import guide.run.runner  # noqa: F401
