"""Import the other API instead of the rules that both share."""

import fakehub.storage.xml_api.errors  # noqa: F401
