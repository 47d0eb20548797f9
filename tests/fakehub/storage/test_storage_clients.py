"""google-cloud-storage, unchanged, against the stand-in: everything that its users rely on."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap

import pytest

# The beginning of every program: the hub's client, and a bucket whose objects do not expire.
BEGIN = """
import gzip, os
from concurrent.futures import ThreadPoolExecutor
from google.api_core import exceptions
from google.cloud import storage
from google.cloud.storage import transfer_manager

client = storage.Client(project="leap-pangeo")
bucket = client.bucket("leap-persistent")

def put(name, data=b"data", **options):
    blob = bucket.blob(name)
    blob.upload_from_string(data, **options)
    return blob

def refused(error, call, *arguments, **options):
    try:
        call(*arguments, **options)
    except error as refusal:
        return str(refusal)
    raise AssertionError(f"{call} was not refused")

"""

PROGRAMS = {
    "listing": """
        for name in ("a/1.nc", "a/2.nc", "a/sub/3.nc", "b.csv"):
            put(name)
        assert [blob.name for blob in client.list_blobs(bucket, match_glob="a/*.nc")] == ["a/1.nc", "a/2.nc"]
        assert [blob.name for blob in client.list_blobs(bucket, match_glob="**.nc", page_size=1)][-1] == "a/sub/3.nc"
        level = client.list_blobs(bucket, delimiter="/", fields="items(name),prefixes,nextPageToken")
        assert ([blob.name for blob in level], level.prefixes) == (["b.csv"], {"a/"})
        between = client.list_blobs(bucket, start_offset="a/2.nc", end_offset="b")
        assert [blob.name for blob in between] == ["a/2.nc", "a/sub/3.nc"]
    """,
    "metadata": """
        blob = put("m", content_type="text/csv")
        blob.metadata = {"source": "Ω"}
        blob.cache_control = "no-store"
        blob.patch(if_metageneration_match=1)
        again = bucket.blob("m")
        again.reload(projection="full")
        assert (again.metadata, again.cache_control, again.content_type) == ({"source": "Ω"}, "no-store", "text/csv")
        assert again.metageneration == 2 and again.owner["entity"].startswith("user-")
        again.metadata = {"source": None}
        again.patch()
        again.update_storage_class("STANDARD")
        assert bucket.get_blob("m").metadata is None
    """,
    "preconditions": """
        blob = put("p", if_generation_match=0)
        assert "did not hold" in refused(exceptions.PreconditionFailed, put, "p", if_generation_match=0)
        first = blob.generation
        put("p", b"second", if_generation_match=first)
        refused(exceptions.PreconditionFailed, bucket.delete_blob, "p", if_generation_match=first)
        refused(exceptions.NotFound, bucket.blob("p", generation=first).reload)
        assert bucket.blob("p").download_as_bytes(if_generation_not_match=first) == b"second"
        assert bucket.get_blob("no-such-object") is None
    """,
    "copies": """
        blob = put("c", b"content")
        copied = bucket.copy_blob(blob, bucket, "c2", if_generation_match=0)
        token, done, total = bucket.blob("c3").rewrite(blob)
        assert (token, done, total) == (None, 7, 7)
        renamed = bucket.rename_blob(bucket.blob("c3"), "c4")
        moved = bucket.move_blob(bucket.blob("c4"), "c5")
        assert [name for name in ("c", "c2", "c3", "c4", "c5") if bucket.blob(name).exists()] == ["c", "c2", "c5"]
        whole = bucket.blob("whole")
        whole.content_type = "text/plain"
        whole.compose([blob, copied, moved])
        assert whole.download_as_bytes() == b"content" * 3
        assert (whole.component_count, whole.md5_hash, whole.content_type) == (3, None, "text/plain")
    """,
    "batch": """
        names = [f"batch/{i}" for i in range(20)]
        for name in names:
            put(name)
        with client.batch():
            for name in names:
                blob = bucket.blob(name)
                blob.metadata = {"i": name}
                blob.patch()
        assert {blob.metadata["i"] for blob in client.list_blobs(bucket, prefix="batch/")} == set(names)
        gone = []
        bucket.delete_blobs([*names, "never-there"], on_error=gone.append)
        assert [blob for blob in gone] == ["never-there"]
        assert list(client.list_blobs(bucket, prefix="batch/")) == []
    """,
    "compressed": """
        text = b"the same again " * 10000
        blob = bucket.blob("z")
        blob.content_encoding = "gzip"
        blob.upload_from_string(gzip.compress(text))
        assert blob.download_as_bytes() == text
        assert gzip.decompress(blob.download_as_bytes(raw_download=True)) == text
        assert blob.size < len(text)
    """,
    "large files": """
        data = os.urandom(3 * 1024 * 1024 + 17)
        blob = bucket.blob("large", chunk_size=256 * 1024)
        blob.upload_from_string(data)
        assert blob.download_as_bytes(start=5, end=14) == data[5:15]
        with bucket.blob("written").open("wb", chunk_size=256 * 1024) as file:
            file.write(data)
        with bucket.blob("written").open("rb", chunk_size=512 * 1024) as file:
            assert file.read() == data
        session = bucket.blob("by hand").create_resumable_upload_session(size=4)
        import requests
        assert requests.put(session, data=b"data").json()["size"] == "4"
    """,
    "transfer manager": """
        data = os.urandom(11 * 1024 * 1024 + 17)
        with open("large", "wb") as file:
            file.write(data)
        threads = {"worker_type": transfer_manager.THREAD, "max_workers": 4}
        for name in ("one", "two"):
            with open(name, "w") as file:
                file.write(name)
        done = transfer_manager.upload_many_from_filenames(bucket, ["one", "two"], blob_name_prefix="many/", **threads)
        assert done == [None, None]
        os.mkdir("back")
        transfer_manager.download_many_to_path(
            bucket, ["one", "two"], destination_directory="back", blob_name_prefix="many/", **threads
        )
        assert open("back/two").read() == "two"
        blob = bucket.blob("chunked")
        transfer_manager.upload_chunks_concurrently("large", blob, chunk_size=5 * 1024 * 1024, **threads)
        transfer_manager.download_chunks_concurrently(blob, "again", chunk_size=1024 * 1024, **threads)
        assert open("again", "rb").read() == data
    """,
    "rights": """
        read_only = client.bucket("leap-persistent-ro")
        message = refused(exceptions.Forbidden, read_only.blob("x").upload_from_string, b"x")
        assert "does not have storage.objects.create access" in message
        assert bucket.test_iam_permissions(["storage.objects.create"]) == ["storage.objects.create"]
        assert read_only.test_iam_permissions(["storage.objects.create"]) == []
        roles = [binding["role"] for binding in bucket.get_iam_policy().bindings]
        assert roles == ["roles/storage.admin"]
        message = refused(exceptions.Forbidden, client.get_bucket, "leap-persistent-ro")
        assert "does not have storage.buckets.get access" in message
        message = refused(exceptions.Forbidden, list, client.list_buckets())
        assert "storage.buckets.list" in message
        put("acl", predefined_acl="private")
        assert [entry["role"] for entry in bucket.blob("acl").acl] == ["OWNER"]
        scratch = client.get_bucket("leap-scratch")
        assert list(scratch.lifecycle_rules)[0]["condition"] == {"age": 7}
        assert scratch.soft_delete_policy.retention_duration_seconds == 7 * 86400
        refused(exceptions.NotFound, client.get_bucket, "no-such-bucket")
    """,
    "buckets": """
        scratch = client.get_bucket("leap-scratch")
        scratch.labels = {"team": "ocean"}
        scratch.add_lifecycle_delete_rule(age=3)
        scratch.patch()
        changed = client.get_bucket("leap-scratch")
        assert (changed.labels, changed.metageneration) == ({"team": "ocean"}, 2)
        assert [rule["condition"] for rule in changed.lifecycle_rules] == [{"age": 3}]
        changed.labels = {}
        changed.update()
        assert client.get_bucket("leap-scratch").labels == {}
        refused(exceptions.PreconditionFailed, scratch.patch, if_metageneration_match=2)
        scratch.blob("kept").upload_from_string("data")
        assert "The bucket you tried to delete is not empty" in refused(exceptions.Conflict, scratch.delete)
        scratch.delete(force=True)
        refused(exceptions.NotFound, client.get_bucket, "leap-scratch")
        refused(exceptions.Forbidden, client.create_bucket, "leap-scratch")
        refused(exceptions.Forbidden, client.bucket("leap-persistent-ro").delete)
    """,
}


# Runs every program in one process, each with an empty bucket, and writes the result of each.
RUN = """
import json, sys, traceback
from google.cloud import storage

bucket = storage.Client(project="leap-pangeo").bucket("leap-persistent")
results = {}
for name, code in json.load(open("programs.json")).items():
    try:
        exec(compile(code, name, "exec"), {})
        results[name] = "passed"
    except BaseException:
        results[name] = traceback.format_exc()
    bucket.delete_blobs(list(bucket.list_blobs()))
json.dump(results, open("results.json", "w"))
"""


@pytest.fixture(scope="module")
def results(root, tmp_path_factory):
    """The result of each program: "passed" or its traceback."""
    folder = tmp_path_factory.mktemp("clients")
    programs = {name: BEGIN + textwrap.dedent(program) for name, program in PROGRAMS.items()}
    (folder / "programs.json").write_text(json.dumps(programs))
    (folder / "run.py").write_text(RUN)
    command = [sys.executable, "-m", "fakehub", "run", "--", "sh", "-c", f"cd {folder} && python run.py"]
    process = subprocess.run(command, capture_output=True, text=True, timeout=200, cwd=root)
    assert process.returncode == 0, process.stderr
    return json.loads((folder / "results.json").read_text())


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_with_google_cloud_storage_passes(results, program):
    assert results[program] == "passed"
