"""Log in to Google Cloud."""

from __future__ import annotations

import os
import re
import stat
import threading
from pathlib import Path

import google.auth
import google.auth.credentials
import google.auth.exceptions
import google.auth.transport.requests

from uploader.common import AGAIN, TransientError, UploadError, first_line

SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"


class Login:
    """The access token of a login, renewed when it expires. It is never printed."""

    def __init__(self, token_file: Path | None) -> None:
        self._file, self._renewing = token_file, threading.Lock()
        if token_file:
            self._token = read_token(token_file)
            return
        try:
            credentials, _ = google.auth.default()
        except google.auth.exceptions.DefaultCredentialsError:
            message = "no login: run 'gcloud auth application-default login', or pass a token with --token-file FILE"
            raise UploadError(message) from None
        self._credentials = google.auth.credentials.with_scopes_if_required(credentials, [SCOPE])
        self._token = ""

    def token(self, rejected: str | None = None) -> str:
        """Return a token, and another one than ``rejected``, which the bucket did not accept."""
        with self._renewing:
            if self._file:
                if rejected == self._token:
                    self._token = read_token(self._file)  # it may have been replaced by now
                if rejected == self._token:
                    problem = f"the token in {self._file} is no longer accepted"
                    raise UploadError(f"{problem}: put a new one there, and {AGAIN}")
            elif not self._credentials.valid or rejected == self._token:
                self._renew()
            return self._token

    def _renew(self) -> None:
        try:
            self._credentials.refresh(google.auth.transport.requests.Request())
        except google.auth.exceptions.RefreshError as error:
            if error.retryable:
                raise TransientError("the login server is busy") from None
            reason = first_line(error.args[0] if error.args else error)
            raise UploadError(f"the login has expired ({reason}): log in again, and {AGAIN}") from None
        except google.auth.exceptions.TransportError:
            raise TransientError("the login server does not answer") from None
        self._token = self._credentials.token


def read_token(file: Path) -> str:
    """Return the token in a file that nobody else may read."""
    try:
        if os.name == "posix" and stat.S_IMODE(file.stat().st_mode) & 0o077:
            raise UploadError(f"{file}: others can read this token: run chmod 600 {file}")
        token = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise UploadError(f"{file}: the token cannot be read ({reason}): check --token-file") from None
    if not re.fullmatch(r"[\x21-\x7e]+", token):
        raise UploadError(f"{file}: this is not an access token, which has no spaces: check --token-file")
    return token
