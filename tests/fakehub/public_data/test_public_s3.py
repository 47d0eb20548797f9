"""Public data on Amazon S3, read without an account through each client, and refused as S3 refuses."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import isolation_modes
import pytest

STORE = "CMIP6/CMIP/NOAA-GFDL/GFDL-ESM4/historical/r1i1p1f1/Amon/tas/gr1/v20190726"
PROGRAM = f"""
import pandas as pd
import s3fs
import xarray as xr
from obstore.store import S3Store

STORE = "{STORE}"
fs = s3fs.S3FileSystem(anon=True)
assert set(fs.ls("cmip6-pds")) == {{"cmip6-pds/CMIP6", "cmip6-pds/pangeo-cmip6.csv", "cmip6-pds/pangeo-cmip6.json"}}
names = [path.rpartition("/")[2] for path in fs.ls(f"s3://cmip6-pds/{{STORE}}/")]
assert {{".zattrs", ".zgroup", ".zmetadata", "tas", "lat", "lon", "time"}} < set(names)
assert fs.info(f"cmip6-pds/{{STORE}}/tas/0.0.0")["size"] == 4 * 600 * 180 * 288 + 16
assert fs.cat_file(f"cmip6-pds/{{STORE}}/.zgroup", start=1, end=6) == fs.cat_file(f"cmip6-pds/{{STORE}}/.zgroup")[1:6]

ds = xr.open_zarr(f"s3://cmip6-pds/{{STORE}}/", storage_options={{"anon": True}})
there = xr.open_zarr(f"gs://cmip6/{{STORE}}/", storage_options={{"token": "anon"}})
assert ds.drop_vars("tas").identical(there.drop_vars("tas"))
assert ds["tas"].isel(time=0).identical(there["tas"].isel(time=0))

for host in ("cmip6-pds.s3.amazonaws.com", "cmip6-pds.s3-us-west-2.amazonaws.com"):
    table = pd.read_csv(f"https://{{host}}/pangeo-cmip6.csv")
    assert list(table["zstore"]) == [f"s3://cmip6-pds/{{STORE}}/"]

for style in ({{}}, {{"virtual_hosted_style_request": True}}):
    store = S3Store("cmip6-pds", prefix=STORE, region="us-west-2", skip_signature=True, **style)
    assert "tas" in store.list_with_delimiter()["common_prefixes"]
    assert bytes(store.get(".zgroup").bytes()) == fs.cat_file(f"cmip6-pds/{{STORE}}/.zgroup")
"""
HOST = "https://cmip6-pds.s3.us-west-2.amazonaws.com"
SIGNED = "-H 'Authorization: AWS4-HMAC-SHA256 Credential=OURS/20260101/us-west-2/s3/aws4_request'"
REFUSED = {
    f"-X PUT --data mine {HOST}/mine": (403, "AccessDenied", "Access Denied"),
    f"-X DELETE {HOST}/pangeo-cmip6.csv": (403, "AccessDenied", "Access Denied"),
    f"-X DELETE {HOST}": (403, "AccessDenied", "Access Denied"),
    f"{SIGNED} {HOST}/pangeo-cmip6.csv": (
        *(403, "InvalidAccessKeyId"),
        "The AWS Access Key Id you provided does not exist in our records.",
    ),
    f"{HOST}/nothing": (404, "NoSuchKey", "The specified key does not exist."),
    "https://s3.us-west-2.amazonaws.com/somebody-elses/a": (404, "NoSuchBucket", "The specified bucket does not exist"),
}


@pytest.fixture(scope="module", params=isolation_modes.MODES)
def network(request) -> str:
    """The mode of the session."""
    return isolation_modes.allowed(request.param)


def run(root, mode, *command):
    session = [sys.executable, "-m", "fakehub", "run", "--mode", mode, "--", *command]
    return subprocess.run(session, cwd=root, capture_output=True, text=True, timeout=120)


def test_clients_read(root, network) -> None:
    done = run(root, network, sys.executable, "-W", "ignore", "-c", textwrap.dedent(PROGRAM))
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def answers(root, network) -> dict[str, str]:
    """Curl's output and the HTTP status for each command line, all in one session."""
    curl = "curl -s -w '\\n%{http_code}'"
    script = "; echo; echo --next--; ".join(f"{curl} {line}" for line in REFUSED)
    ran = run(root, network, "sh", "-c", script)
    return dict(zip(REFUSED, map(str.strip, ran.stdout.split("--next--")), strict=True))


@pytest.mark.parametrize("line", REFUSED)
def test_refusals_have_the_words_of_s3(answers, line) -> None:
    status, code, message = REFUSED[line]
    assert f"<Code>{code}</Code><Message>{message}</Message>" in answers[line]
    assert answers[line].endswith(f"\n{status}")


def test_a_bucket_that_nobody_described_has_no_host(root, network) -> None:
    done = run(root, network, "curl", "-sS", "https://somebody-elses.s3.amazonaws.com/")
    assert done.returncode != 0
