"""One half of a cycle."""

import fakehub.storage.json_api.second  # noqa: F401
