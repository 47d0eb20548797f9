"""The error that gcsfs raises for credentials past their expiry, with the hub's versions and the newest ones."""

import sys

PROGRAM = """
import datetime, os
import gcsfs, google.auth
from google.auth.transport.requests import Request
from google.oauth2.credentials import Credentials
login, _ = google.auth.default()
login.refresh(Request())
ended = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None) - datetime.timedelta(minutes=1)
fs = gcsfs.GCSFileSystem(token=Credentials("ya29.ended", expiry=ended))
try:
    fs.cat(os.environ["SCRATCH_BUCKET"] + "/a")
except Exception as error:
    print(f"{type(error).__name__}: {error}")
"""
ERRORS = {
    "hub": "HttpError: Invalid Credentials, 401\n",
    "latest": "NonRetryableError: Got error while refreshing credentials.\n",
}


def test_the_error_is_that_of_the_help_page(fakehub, stack, root, monkeypatch):
    # Otherwise gcsfs would ask for the bucket's storage layout for a minute.
    monkeypatch.setenv("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")

    done = fakehub("--", sys.executable, "-c", PROGRAM)

    assert done.stdout == ERRORS[stack]
    assert all(error.strip() in (root / "book/help/tokens.md").read_text() for error in ERRORS.values())
