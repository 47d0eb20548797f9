"""What gcsfs says of credentials that know that they ended: with the hub's versions, and with the newest."""

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
SAID = {
    "hub": "HttpError: Invalid Credentials, 401\n",
    "latest": "NonRetryableError: Got error while refreshing credentials.\n",
}


def test_the_words_are_those_of_the_help_page(fakehub, stack, root, monkeypatch):
    # It would ask for a minute what kind of bucket it is.
    monkeypatch.setenv("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")

    done = fakehub("--", sys.executable, "-c", PROGRAM)

    assert done.stdout == SAID[stack]
    assert all(said.strip() in (root / "book/help/token-expired.md").read_text() for said in SAID.values())
