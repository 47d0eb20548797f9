"""The errors for a token past its expiry and for a revoked login, with the hub's versions and the newest ones."""

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


REVOKED = """
import os
import gcsfs, google.auth, requests
from google.auth.transport.requests import Request
login, _ = google.auth.default()
requests.post("https://oauth2.googleapis.com/revoke", data={"token": login.refresh_token})
for attempt in (lambda: login.refresh(Request()), lambda: gcsfs.GCSFileSystem(token=login).ls("leap-persistent")):
    try:
        attempt()
    except Exception as error:
        print(f"{type(error).__name__}: {error}")
"""


def test_a_revoked_login_causes_the_errors_of_the_help_page(fakehub, stack, root, monkeypatch):
    monkeypatch.setenv("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")

    refused, listed = fakehub("--persona", "hpc-member", "--", sys.executable, "-c", REVOKED).stdout.splitlines()

    assert refused.startswith("RefreshError: ('invalid_grant: Token has been expired or revoked.', ")
    assert f"{listed}\n" == ERRORS[stack]
    assert refused.partition(" {")[0] in (root / "book/help/tokens.md").read_text()
