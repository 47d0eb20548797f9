"""Import a layer of the stand-in that stands above this one."""

import fakehub.storage.store  # noqa: F401
