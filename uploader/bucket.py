"""Write to a bucket."""

from __future__ import annotations

import contextlib
import itertools
import random
import re
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests

from uploader.common import AGAIN, TransientError, UploadError
from uploader.login import Login
from uploader.stored import Stored, md5, stored

HOST = "https://storage.googleapis.com"
# Overwriting a chunk of a file that has changed needs the permission to delete the old object.
PERMISSIONS = (
    "storage.objects.create",
    "storage.objects.delete",
    "storage.objects.get",
    "storage.objects.list",
)
OBJECT_FIELDS = "name,size,md5Hash,generation,metadata"


class Body:
    """The body of a request, sent in pieces without a copy of the whole."""

    def __init__(self, data: bytes | memoryview) -> None:
        self._data, self._sent = memoryview(data), 0

    def __len__(self) -> int:
        return len(self._data)

    def read(self, size: int) -> memoryview:
        """Return the next piece: more than asked for, or Python would slow down a fast connection."""
        size = max(size, 1 << 18)
        self._sent += size
        return self._data[self._sent - size : self._sent]


class Bucket:
    """The objects under one prefix of a bucket, over HTTP. Failed requests are repeated for ``patience`` seconds."""

    def __init__(self, url: str, token_file: Path | None, timeout: float, patience: float) -> None:
        self.url = url
        self._bucket, _, prefix = url.removeprefix("gs://").partition("/")
        self._prefix = f"{prefix}/"
        self._login, self._timeout, self._patience = Login(token_file), timeout, patience
        self._last_answer = time.monotonic()
        self._local = threading.local()  # holds a session for each thread
        self.stopping = threading.Event()

    def check_access(self) -> None:
        """Raise ``UploadError`` unless the bucket exists and the login may write to it."""
        path = f"/storage/v1/b/{quote(self._bucket, safe='')}/iam/testPermissions"
        response = self._request("GET", path, params=[("permissions", permission) for permission in PERMISSIONS])
        if response.status_code == 404:
            raise UploadError(f"gs://{self._bucket}: there is no such bucket: check its name")
        granted = response.json().get("permissions", []) if response.ok else []
        missing = sorted(set(PERMISSIONS) - set(granted))
        if missing:
            problem = f"this login may not write to the bucket, because it lacks {missing[0]}"
            raise UploadError(f"gs://{self._bucket}: {problem}: use another login or bucket")

    def list(self) -> dict[str, Stored]:
        """Return all objects under the prefix, by the rest of their names."""
        found: dict[str, Stored] = {}
        params = {"prefix": self._prefix, "fields": f"nextPageToken,items({OBJECT_FIELDS})", "maxResults": "1000"}
        while True:
            response = self._request("GET", f"/storage/v1/b/{quote(self._bucket, safe='')}/o", params=params)
            page = self._checked(response, "the store cannot be listed").json()
            for item in page.get("items", []):
                found[item["name"].removeprefix(self._prefix)] = stored(item)
            if not page.get("nextPageToken"):
                return found
            params["pageToken"] = page["nextPageToken"]

    def stat(self, name: str) -> Stored | None:
        """Return what the bucket has under a name, or ``None``."""
        path = f"/storage/v1/b/{quote(self._bucket, safe='')}/o/{quote(self._prefix + name, safe='')}"
        response = self._request("GET", path, params={"fields": OBJECT_FIELDS})
        return None if response.status_code == 404 else stored(self._checked(response, f"{name} cannot be read").json())

    def put(self, name: str, data: bytes | memoryview, replaces: Stored | None, metadata: dict[str, str]) -> bool:
        """Write an object where there is none, or where there is the one that it ``replaces``.

        When this returns, the bucket has confirmed the checksum. Returns ``False`` if another copy of this script
        wrote the object.
        """
        digest = md5(data)
        headers = {"Content-MD5": digest, "Content-Type": "application/octet-stream"}
        headers["x-goog-if-generation-match"] = replaces.generation if replaces else "0"
        headers |= {f"x-goog-meta-{key}": value for key, value in metadata.items()}
        path = f"/{quote(self._bucket, safe='')}/{quote(self._prefix + name, safe='/')}"
        for attempt in itertools.count():
            try:
                response = self._send("PUT", path, headers=headers, data=Body(data))
                if response.status_code != 412:
                    self._checked(response, f"{name} cannot be written")
                    if f"md5={digest}" in response.headers.get("x-goog-hash", ""):
                        return True
            except TransientError as error:
                self._wait(attempt, error)
            # There was no answer, or another copy was faster: look at the current object.
            found = self.stat(name)
            if found and found.md5 == digest:
                return False
            if (found and found.generation) != (replaces and replaces.generation):
                raise UploadError(f"{self.url}/{name}: somebody else changed this object: {AGAIN}")
        raise AssertionError

    def _request(self, method: str, path: str, **options: Any) -> requests.Response:
        """Return an answer, after as many attempts as it takes."""
        for attempt in itertools.count():
            try:
                return self._send(method, path, **options)
            except TransientError as error:
                self._wait(attempt, error)
        raise AssertionError

    def _send(self, method: str, path: str, headers: dict[str, str] | None = None, **options: Any) -> requests.Response:
        """Send a request once; raises ``TransientError`` if it should be repeated."""
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
        token = self._login.token()

        def authorize(request: requests.PreparedRequest) -> requests.PreparedRequest:
            request.headers["Authorization"] = f"Bearer {token}"
            return request

        try:
            response: requests.Response = self._local.session.request(
                method, HOST + path, headers=headers, auth=authorize, timeout=self._timeout, **options
            )
        except requests.RequestException as error:
            raise TransientError(f"the connection failed ({type(error).__name__})") from None
        if response.status_code == 401:
            self._login.token(rejected=token)
            raise TransientError("the token is not accepted", after=0.01)
        if response.status_code == 400 and "BadDigest" in response.text:
            raise TransientError("an object was damaged on the way")
        if response.status_code in (408, 429) or response.status_code >= 500:
            after = response.headers.get("Retry-After", "")
            after_s = float(after) if after.isdecimal() else 0.0
            raise TransientError(f"the bucket answered {response.status_code}", after_s)
        self._last_answer = time.monotonic()
        return response

    def _wait(self, attempt: int, error: TransientError) -> None:
        """Wait before the next attempt, longer each time; raises ``UploadError`` if nothing has worked for too long."""
        if time.monotonic() - self._last_answer > self._patience:
            raise UploadError(f"no request has succeeded for {self._patience:.0f} s ({error}): {AGAIN}")
        backoff = min(30.0, 0.5 * 2**attempt) * random.uniform(0.5, 1.0)  # noqa: S311 - not secret
        pause = error.after if error.after and not attempt else max(error.after, backoff)
        if self.stopping.wait(pause):
            raise UploadError("stopped")

    def _checked(self, response: requests.Response, problem: str) -> requests.Response:
        """Return the response unless it is an error."""
        if response.ok:
            return response
        found = re.search(r"<Details>(.*?)</Details>|<Message>(.*?)</Message>", response.text, re.DOTALL)
        reason = (found[1] or found[2]) if found else f"status {response.status_code}"
        with contextlib.suppress(ValueError, KeyError, TypeError):
            reason = response.json()["error"]["message"]
        raise UploadError(f"{self.url}: {problem}: {' '.join(reason.split())}")
