"""The other half of a cycle."""

import fakehub.storage.json_api.first  # noqa: F401
