"""Google's clients make, list, change and delete buckets as the project's owner, and may not as the hub."""

from __future__ import annotations

import sys
import textwrap

import pytest

BEGIN = """
import gcsfs
import requests
from google.api_core import exceptions
from google.cloud import storage

client = storage.Client(project="leap-pangeo")
fs = gcsfs.GCSFileSystem(project="leap-pangeo", token="google_default")

def refused(error, call, *arguments, **options):
    try:
        call(*arguments, **options)
    except error as refusal:
        return str(refusal)
    raise AssertionError(f"{call} was not refused")

"""
AS_OWNER = """
    bucket = client.bucket("made-by-client")
    bucket.storage_class, bucket.labels = "NEARLINE", {"team": "ocean"}
    bucket.iam_configuration.uniform_bucket_level_access_enabled = True
    bucket.requester_pays = True
    bucket.create(location="EU")
    assert "made-by-client" in [one.name for one in client.list_buckets()]
    assert (client.get_bucket("made-by-client").location, bucket.location_type) == ("EU", "multi-region")
    assert "already own it" in refused(exceptions.Conflict, client.create_bucket, "made-by-client")

    paying = client.bucket("made-by-client", user_project="leap-pangeo")
    paying.blob("a").upload_from_string(b"data")
    assert paying.blob("a").download_as_bytes() == b"data"
    bucket.requester_pays, bucket.versioning_enabled = False, True
    bucket.add_lifecycle_delete_rule(age=3)
    bucket.patch()
    assert bucket.blob("a").download_as_bytes() == b"data"
    assert [rule["condition"] for rule in client.get_bucket(bucket).lifecycle_rules] == [{"age": 3}]
    assert "not empty" in refused(exceptions.Conflict, bucket.delete)
    assert list(bucket.list_notifications()) == []
    assert "gs-project-accounts" in client.get_service_account_email()
    for blob in client.list_blobs(bucket, versions=True):
        blob.delete()
    bucket.delete()
    refused(exceptions.NotFound, client.get_bucket, "made-by-client")

    fs.mkdir("made-by-gcsfs", enable_versioning=True)
    fs.pipe("made-by-gcsfs/a", b"data")
    assert "made-by-gcsfs/" in fs.ls("") or "made-by-gcsfs" in fs.ls("")
    assert client.get_bucket("made-by-gcsfs").versioning_enabled
    for blob in client.list_blobs("made-by-gcsfs", versions=True):
        blob.delete()
    fs.rmdir("made-by-gcsfs")
    assert not fs.exists("made-by-gcsfs")
"""
AS_HUB = """
    assert "storage.buckets.create" in refused(exceptions.Forbidden, client.create_bucket, "made-by-client")
    assert "storage.buckets.list" in refused(exceptions.Forbidden, list, client.list_buckets())
    assert "storage.buckets.create" in refused(OSError, fs.mkdir, "made-by-gcsfs")
"""


@pytest.mark.parametrize(("persona", "program"), [("owner", AS_OWNER), ("hub", AS_HUB)], ids=["owner", "hub"])
def test_only_the_owner_makes_buckets(fakehub, mode, persona, program):
    code = BEGIN + textwrap.dedent(program)

    done = fakehub("--persona", persona, "--mode", mode, "--", sys.executable, "-c", code)

    assert done.returncode == 0, done.stdout + done.stderr
