"""The project that is billed for a request: the caller must be allowed to use it, and some buckets require one.

A client names it in the parameter ``userProject`` or in the header ``x-goog-user-project``, which Google's libraries
send for the quota project of application-default credentials.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from fakehub.accounts.identities import Persona
from fakehub.errors import GoogleError

_PARAMETER, _HEADER = "userProject", "x-goog-user-project"
# The id of a project, or its number. The oldest ids have the prefix of an organisation's domain.
_PROJECT = re.compile(r"(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]|[0-9]+")


class BillingError(GoogleError):
    """A refusal because of the project to bill; ``code`` is its name in the XML API."""

    def __init__(self, status: int, reason: str, code: str, message: str) -> None:
        super().__init__(status, reason, message)
        self.code = code


def billed_project(persona: Persona, query: Mapping[str, str], headers: Mapping[str, str]) -> str | None:
    """Return the project that a request wants to be billed, or ``None``.

    Raises ``BillingError``: 400 for a name that no project can have, 401 or 403 if ``persona`` may not use the project.
    """
    project = query.get(_PARAMETER) or headers.get(_HEADER)
    if not project:
        return None
    if not _PROJECT.fullmatch(project):
        message = "User project specified in the request is invalid."
        raise BillingError(400, "invalid", "UserProjectInvalid", message)
    if project not in persona.projects:
        message = (
            f"{persona.email or 'Anonymous caller'} does not have serviceusage.services.use access to the Google Cloud "
            "project. Permission 'serviceusage.services.use' denied on resource (or it may not exist)."
        )
        status, reason = (403, "forbidden") if persona.email else (401, "required")
        raise BillingError(status, reason, "UserProjectAccessDenied", message)
    return project


def no_project() -> BillingError:
    """Return 400 for a request that names no project, to a bucket whose owner does not pay."""
    message = "Bucket is a requester pays bucket but no user project provided."
    return BillingError(400, "required", "UserProjectMissing", message)
