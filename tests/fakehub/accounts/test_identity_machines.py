"""``fakehub run --persona``: each machine has its credentials, and unmodified clients find them."""

import pytest
from api_client import signing_facts


def lines(ran) -> list[str]:
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()


LOGIN_FILE = ".config/gcloud/application_default_credentials.json"
FILES = """
cd "$HOME"; find . -type f -printf '%P %m\\n' | sort
echo "${GOOGLE_APPLICATION_CREDENTIALS#$HOME/}|$SCRATCH_BUCKET|$USER"
"""


@pytest.mark.parametrize(
    ("persona", "files", "variables"),
    [
        ("hub", [], "|gs://leap-scratch/funky-user|jovyan"),
        ("laptop", ["token.txt 600"], "||funky-user"),
        ("hpc-member", [".aws/credentials 600", f"{LOGIN_FILE} 600"], "||funky-user"),
        ("hpc-outsider", [f"{LOGIN_FILE} 600"], "||funky-user"),
        ("service-account", ["service-account.json 600"], "service-account.json||funky-user"),
        ("anonymous", [], "||funky-user"),
    ],
)
def test_a_machine_has_the_credentials_of_its_persona(fakehub, persona, files, variables):
    assert lines(fakehub("--persona", persona, "--", "sh", "-c", FILES)) == [*files, variables]


def test_an_unknown_persona_is_one_clear_line(fakehub):
    ran = fakehub("--persona", "nobody", "--", "true")

    assert ran.returncode == 2
    assert len(ran.stderr.splitlines()) == 1
    assert "'nobody'" in ran.stderr


# Passes each persona's credentials to gcsfs in the usual way, then writes to each bucket.
GCSFS = """
import os, gcsfs
from pathlib import Path
from google.oauth2.credentials import Credentials
file = Path.home() / "token.txt"
options = {"token": Credentials(file.read_text().strip())} if file.exists() else {}
if os.environ["PERSONA"] == "anonymous":
    options = {"token": "anon"}
fs = gcsfs.GCSFileSystem(**options)
for bucket in ("leap-scratch", "leap-persistent", "leap-persistent-ro"):
    try:
        fs.pipe(f"gs://{bucket}/funky-user/a", b"data")
        print(fs.cat(f"gs://{bucket}/funky-user/a").decode())
    except Exception as error:
        print(type(error).__name__, str(error).replace(chr(10), " "))
"""
HUB, PERSON = "hub-user@leap-pangeo.iam.gserviceaccount.com", "funky-user@example.com"
OUTSIDER, PROGRAM = "outside-user@example.com", "uploader@leap-pangeo.iam.gserviceaccount.com"


@pytest.mark.parametrize(
    ("persona", "expected"),
    [
        ("hub", ["data", "data", f"OSError Forbidden {HUB}"]),
        ("laptop", ["data", "data", f"OSError Forbidden {HUB}"]),
        ("hpc-member", [f"OSError Forbidden {PERSON}", "data", "data"]),
        ("hpc-outsider", [f"OSError Forbidden {OUTSIDER}"] * 3),
        ("service-account", [f"OSError Forbidden {PROGRAM}", "data", "data"]),
        ("anonymous", ["HttpError Anonymous caller"] * 3),
    ],
)
def test_gcsfs_with_each_credential(fakehub, persona, expected):
    ran = fakehub("--persona", persona, "--", "env", f"PERSONA={persona}", "python", "-W", "ignore", "-c", GCSFS)

    output = lines(ran)
    assert len(output) == len(expected)
    for line, words in zip(output, expected, strict=True):
        assert all(word in line for word in words.split())


DEFAULT = """
import google.auth, time
from google.auth.transport.requests import Request, AuthorizedSession
started = time.monotonic()
try:
    credentials, project = google.auth.default(scopes=["https://www.googleapis.com/auth/devstorage.read_only"])
    credentials.refresh(Request())
    url = "https://storage.googleapis.com/storage/v1/b/leap-persistent/o"
    print(type(credentials).__module__, project, AuthorizedSession(credentials).get(url).status_code)
except google.auth.exceptions.DefaultCredentialsError:
    print("none")
# google-auth waits between its three attempts to reach a metadata server
print(time.monotonic() - started < 10)
"""


@pytest.mark.parametrize(
    ("persona", "credentials"),
    [
        ("hub", "google.auth.compute_engine.credentials leap-pangeo 200"),
        ("laptop", "none"),
        ("hpc-member", "google.oauth2.credentials None 200"),
        ("service-account", "google.oauth2.service_account leap-pangeo 200"),
        ("anonymous", "none"),
    ],
)
def test_google_auth_finds_the_default_credentials_quickly(fakehub, mode, persona, credentials):
    ran = fakehub("--mode", mode, "--persona", persona, "--", "python", "-W", "ignore", "-c", DEFAULT)

    assert lines(ran) == [credentials, "True"]


IDENTITY = """
import sys
import google.auth.transport.requests, google.oauth2.id_token
request = google.auth.transport.requests.Request()
token = google.oauth2.id_token.fetch_id_token(request, "https://example.org")
claims = google.oauth2.id_token.verify_oauth2_token(token, request, "https://example.org", clock_skew_in_seconds=9)
print(claims["email"])
"""


@pytest.mark.parametrize(("persona", "email"), [("hub", HUB), ("service-account", PROGRAM)])
def test_google_auth_fetches_and_verifies_an_identity_token(fakehub, persona, email):
    assert lines(fakehub("--persona", persona, "--", "python", "-c", IDENTITY)) == [email]


ADVANCED = """
import json, subprocess, sys
from pathlib import Path
from google.cloud import storage
from google.oauth2.credentials import Credentials
file = Path.home() / "token.txt"
credentials = Credentials(file.read_text().strip()) if file.exists() else None
client = storage.Client(project="leap-pangeo", credentials=credentials)
list(client.list_blobs("leap-persistent"))
subprocess.run([sys.executable, "-m", "fakehub", "clock", "advance", "2h"], check=True, stdout=subprocess.DEVNULL)
try:
    list(client.list_blobs("leap-persistent"))
    print("refreshed")
except Exception as error:
    print(type(error).__name__, error)
"""


@pytest.mark.parametrize(
    ("persona", "result"),
    [
        ("hub", "refreshed"),
        ("hpc-member", "refreshed"),
        ("service-account", "refreshed"),
        ("laptop", "RefreshError The credentials do not contain the necessary fields need to refresh the access token"),
    ],
)
def test_after_an_hour_only_a_copied_token_is_invalid(fakehub, persona, result):
    ran = fakehub("--persona", persona, "--", "python", "-W", "ignore", "-c", ADVANCED)

    assert lines(ran)[-1].startswith(result)


SIGNED = """
import datetime
import google.auth, requests
from google.auth.transport.requests import Request
from google.cloud import storage
credentials, _ = google.auth.default(scopes=["https://www.googleapis.com/auth/cloud-platform"])
credentials.refresh(Request())
blob = storage.Client(project="p", credentials=credentials).bucket("leap-persistent").blob("funky-user/shared")
blob.upload_from_string(b"shared")
# a server of the hub has no key, so it asks Google to sign
signer = {} if hasattr(credentials, "sign_bytes") and "service_account" in type(credentials).__module__ else {
    "service_account_email": credentials.service_account_email, "access_token": credentials.token}
url = blob.generate_signed_url(version="v4", expiration=datetime.timedelta(minutes=5), **signer)
print(requests.get(url).text)
"""


@pytest.mark.parametrize("persona", ["hub", "service-account"])
def test_a_signed_url_opens_an_object_to_anybody(fakehub, persona, root, tmp_path):
    options = ("--hub-yml", signing_facts(root, tmp_path), "--persona", persona)

    assert lines(fakehub(*options, "--", "python", "-W", "ignore", "-c", SIGNED)) == ["shared"]


REVOKED = """
import json
from pathlib import Path
import google.auth, requests
from google.auth.transport.requests import Request
login = json.loads((Path.home() / ".config/gcloud/application_default_credentials.json").read_text())
requests.post("https://oauth2.googleapis.com/revoke", data={"token": login["refresh_token"]}).raise_for_status()
credentials, _ = google.auth.default()
try:
    credentials.refresh(Request())
except google.auth.exceptions.RefreshError as error:
    print(error.args[0])
"""


def test_a_revoked_login_reports_the_revocation(fakehub):
    ran = fakehub("--persona", "hpc-member", "--", "python", "-W", "ignore", "-c", REVOKED)

    assert lines(ran) == ["invalid_grant: Token has been expired or revoked."]
