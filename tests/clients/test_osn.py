"""The pod of the Open Storage Network, as programs without an S3 library see it."""

import subprocess
import sys

import isolation_modes
import pytest

from fakehub.accounts.personas import ACCESS_KEY, SECRET_KEY
from fakehub.isolation.processes import of_session
from hubfacts.load import load

POD = load().osn.endpoint
# curl signs the body's checksum that this header gives.
SIGNED = "-H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' --aws-sigv4 aws:amz:us-east-1:s3 --user"
REFUSED = {
    f"-X PUT --data x {POD}/leap-pangeo-inbox/a": (403, "AccessDenied"),
    f"-X DELETE {POD}/leap-pubs": (403, "AccessDenied"),
    f"{POD}/": (403, "AccessDenied"),
    f"{POD}/no-such-bucket": (404, "NoSuchBucket"),
    f"{POD}/leap-pubs/a": (404, "NoSuchKey"),
    f"-H 'Authorization: Bearer token' {POD}/leap-pubs": (403, "AccessDenied"),
    f"-H 'Authorization: AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/short' {POD}/leap-pubs": (403, "AccessDenied"),
    f"{SIGNED} OTHER:secret {POD}/leap-pubs": (403, "InvalidAccessKeyId"),
    f"{SIGNED} {ACCESS_KEY}:other {POD}/leap-pubs": (403, "SignatureDoesNotMatch"),
}
PUT = f"{SIGNED} {ACCESS_KEY}:{SECRET_KEY} -X PUT --data-binary 0123456789 {POD}/leap-pangeo-inbox/digits"
PART = f"{SIGNED} {ACCESS_KEY}:{SECRET_KEY} -H 'Range: bytes=2-4' {POD}/leap-pangeo-inbox/digits"


@pytest.fixture(scope="module", params=isolation_modes.MODES)
def answers(request, root) -> dict[str, str]:
    """Curl's output and the HTTP status for each command line, all in one session; ``session`` is its folder."""
    lines = [f"{POD}/leap-pubs", *REFUSED, PUT, PART]
    curl = "curl -s -w '\\n%{http_code}'"
    script = "; echo; echo --next--; ".join(["echo $FAKEHUB_SESSION", *(f"{curl} {line}" for line in lines)])
    mode = isolation_modes.allowed(request.param)
    session = [sys.executable, "-m", "fakehub", "run", "--mode", mode, "--", "sh", "-c", script]
    ran = subprocess.run(session, cwd=root, capture_output=True, text=True, timeout=120)
    return dict(zip(["session", *lines], map(str.strip, ran.stdout.split("--next--")), strict=True))


def test_anybody_can_list_a_bucket_of_the_facts(answers):
    assert "<Name>leap-pubs</Name>" in answers[f"{POD}/leap-pubs"]


@pytest.mark.parametrize(("line", "status", "code"), [(line, *answer) for line, answer in REFUSED.items()])
def test_refused_requests_have_the_status_and_code_of_s3(line, status, code, answers):
    assert f"<Code>{code}</Code>" in answers[line]
    assert answers[line].endswith(f"\n{status}")


def test_the_owner_of_the_key_writes_and_reads_a_range(answers):
    assert answers[PUT].endswith("200")
    assert answers[PART].split() == ["234", "206"]


def test_no_process_of_the_pod_is_left(answers):
    assert answers["session"]
    assert of_session(answers["session"]) == []
