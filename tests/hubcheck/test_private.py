"""The gate against secrets: a result that contains one is not shown, not written and not sent."""

from __future__ import annotations

import pytest

from hubcheck.common import Hub, Observation
from hubcheck.facts import GUIDE
from hubcheck.report import CheckError, Result

ENV = {
    "JUPYTERHUB_USER": "ada-lovelace",
    "JUPYTERHUB_API_TOKEN": "not-hexadecimal-but-secret",
    "MY_PASSWORD": "correct horse battery",
}
# What is in the result, and what the gate says about it.
PRIVATE = {
    "ya29.c.b0Aaekm1K5Xyz-12345": "an access token",
    "1//0gabcdefghijklm": "a refresh token",
    "eyJhbGciOiJSUzI1NiIs.eyJhdWQiOiJodHRwcz": "an identity token",
    "ghp_16C7e42F292c6912E7710c838347Ae178B4a": "a token of GitHub",
    "github_pat_11ABCDEFG0123456789": "a token of GitHub",
    "-----BEGIN RSA PRIVATE KEY-----": "a private key",
    "AKIAIOSFODNN7EXAMPLE": "a key of S3",
    "d4e5f60718293a4b5c6d7e8f90a1b2c3": "a token in hexadecimal digits",
    "ada@example.com": "an e-mail address",
    "/home/jovyan/thesis/secret.nc": "a path in a home directory",
    "/home/ada": "a path in a home directory",
    "/Users/ada/data": "a path in a home directory",
    "C:\\Users\\ada": "a path in a home directory",
    "gs://leap-scratch/ada-lovelace/a.zarr": "a username",
    "token not-hexadecimal-but-secret": "the value of JUPYTERHUB_API_TOKEN",
    "is correct horse battery": "the value of MY_PASSWORD",
}
HARMLESS = (
    "/home/jovyan",
    "gs://leap-scratch/funky-user/a.zarr",
    "403 ACCOUNT does not have",
    "2026.1.1",
    "gs://ada-b",
)


def result(seen: str) -> Result:
    """Return a result whose only observation saw this, and was not masked."""
    return Result(Hub(GUIDE, ENV), [Observation("variable.PLANTED", "nothing", seen)], [])


@pytest.mark.parametrize("seen", PRIVATE)
def test_a_planted_secret_stops_every_output(seen, tmp_path):
    planted, out = result(seen), tmp_path / "result.json"
    for output in (planted.json, planted.text, planted.rows, planted.issue, lambda: planted.write(out)):
        with pytest.raises(CheckError) as error:
            output()
        message = str(error.value)
        assert PRIVATE[seen] in message and message.count("\n") == 0
        assert not any(word in message for word in ("ada", "horse", "hexadecimal-but", seen))
    assert not out.exists()


@pytest.mark.parametrize("seen", HARMLESS)
def test_what_is_not_private_is_shown(seen, tmp_path):
    result(seen).write(tmp_path / "result.json")

    assert seen in result(seen).text()


def test_names_and_addresses_are_masked_before_the_gate():
    hub = Hub(GUIDE, ENV)
    seen = hub.observed(
        "account.x", "", "ada-lovelace (ada@example.com) in gs://b/ada-lovelace/a, not ada-lovelace-2"
    ).seen

    assert seen == "funky-user (ACCOUNT) in gs://b/funky-user/a, not ada-lovelace-2"
