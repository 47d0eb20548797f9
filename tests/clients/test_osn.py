"""The pod of the Open Storage Network as programs without an S3 library see it."""

import subprocess
import sys

import pytest

from fakehub import namespace
from fakehub.facts import load
from fakehub.processes import of_session

POD = load().osn.endpoint
REFUSED = {
    f"-X PUT --data x {POD}/leap-pangeo-inbox/a": "AccessDenied",
    f"-X DELETE {POD}/leap-pubs": "AccessDenied",
    f"{POD}/": "AccessDenied",
    f"{POD}/no-such-bucket": "NoSuchBucket",
    f"{POD}/leap-pubs/a": "NoSuchKey",
    f"-H 'Authorization: Bearer token' {POD}/leap-pubs": "AccessDenied",
    f"--aws-sigv4 aws:amz:us-east-1:s3 --user OTHER:secret {POD}/leap-pubs": "InvalidAccessKeyId",
}


@pytest.fixture(scope="module", params=["names", "proxy"])
def said(request, root) -> dict[str, str]:
    """What curl gets for each of its command lines, all in one session; ``session`` is that one's folder."""
    if request.param == "names" and not namespace.available():
        pytest.skip("this system allows no namespaces")
    lines = [f"{POD}/leap-pubs", *REFUSED]
    script = "; echo; echo --next--; ".join(["echo $FAKEHUB_SESSION", *(f"curl -s {line}" for line in lines)])
    session = [sys.executable, "-m", "fakehub", "run", "--mode", request.param, "--", "sh", "-c", script]
    ran = subprocess.run(session, cwd=root, capture_output=True, text=True, timeout=120)
    return dict(zip(["session", *lines], map(str.strip, ran.stdout.split("--next--")), strict=True))


def test_everybody_lists_a_bucket_of_the_facts(said):
    assert "<Name>leap-pubs</Name>" in said[f"{POD}/leap-pubs"]


@pytest.mark.parametrize(("line", "code"), REFUSED.items())
def test_what_is_refused_has_the_code_of_s3(line, code, said):
    assert f"<Code>{code}</Code>" in said[line]


def test_nothing_is_left_of_it(said):
    assert said["session"]
    assert of_session(said["session"]) == []
