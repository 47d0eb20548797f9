"""Clients of the XML API by others, with the credentials of a hub whose account signs, and without configuration."""

import pytest
from api_client import signing_facts

OBSTORE = """
import os
import obstore
from obstore.exceptions import AlreadyExistsError, PreconditionError
from obstore.store import from_url
store = from_url(os.environ["SCRATCH_BUCKET"])

def refused(error, call, *arguments, **options):
    try:
        call(*arguments, **options)
    except error:
        return
    raise AssertionError(f"no {error.__name__}")
"""

OBJECTS = """
data = bytes(range(256)) * 100
for name in ("a/b c.txt", "a/naïve-Ω", "a/b"):
    obstore.put(store, name, data, attributes={"Content-Type": "text/plain", "colour": "blue"})
got = obstore.get(store, "a/b c.txt")
assert (got.attributes["Content-Type"], got.attributes["colour"]) == ("text/plain", "blue")
assert got.meta["size"] == len(data)
assert bytes(got.bytes()) == data
assert bytes(obstore.get_range(store, "a/b", start=5, length=3)) == data[5:8]
assert bytes(obstore.get(store, "a/b", options={"range": {"suffix": 3}}).bytes()) == data[-3:]
assert [bytes(part) for part in obstore.get_ranges(store, "a/b", starts=[0, 9], ends=[2, 10])] == [data[:2], data[9:10]]
obstore.copy(store, "a/b", "copied")
obstore.rename(store, "copied", "moved")
refused(FileNotFoundError, obstore.head, store, "copied")
assert bytes(obstore.get(store, "moved").bytes()) == data
refused(AlreadyExistsError, obstore.copy, store, "a/b", "moved", overwrite=False)
"""

CONDITIONS = """
first = obstore.put(store, "one", b"first", mode="create")
refused(AlreadyExistsError, obstore.put, store, "one", b"second", mode="create")
second = obstore.put(store, "one", b"second", mode={"e_tag": first["e_tag"], "version": first["version"]})
refused(PreconditionError, obstore.put, store, "one", b"third", mode={"version": first["version"], "e_tag": ""})
assert bytes(obstore.get(store, "one", options={"if_match": second["e_tag"]}).bytes()) == b"second"
refused(PreconditionError, obstore.get, store, "one", options={"if_match": first["e_tag"]})
"""

LISTINGS = """
names = [f"list/{i:04d}/{kind}" for i in range(600) for kind in "ab"] + ["list/z"]
import concurrent.futures
with concurrent.futures.ThreadPoolExecutor(16) as pool:
    list(pool.map(lambda name: obstore.put(store, name, b"x"), names))
assert [entry["path"] for entry in obstore.list(store, "list").collect()] == names
assert len(obstore.list(store, "list", offset="list/0599/a").collect()) == 2
level = obstore.list_with_delimiter(store, "list")
assert level["common_prefixes"] == [f"list/{i:04d}" for i in range(600)]
assert [entry["path"] for entry in level["objects"]] == ["list/z"]
obstore.delete(store, names)
assert obstore.list(store).collect() == []
"""

MULTIPART = """
import os
data = os.urandom(12 * 1024 * 1024 + 5)
stored = obstore.put(store, "parts-b.bin", data, use_multipart=True, chunk_size=5 * 1024 * 1024)
got = obstore.get(store, "parts-b.bin")
assert (got.meta["e_tag"], got.meta["version"]) == (stored["e_tag"], stored["version"])
assert bytes(got.bytes()) == data
with obstore.open_writer(store, "written.bin") as file:
    for start in range(0, len(data), 1024 * 1024):
        file.write(data[start : start + 1024 * 1024])
assert bytes(obstore.get(store, "written.bin").bytes()) == data
"""

READ_ONLY = """
from obstore.exceptions import PermissionDeniedError
store = from_url("gs://leap-persistent-ro")
assert obstore.list(store).collect() == []
refused(PermissionDeniedError, obstore.put, store, "a", b"x", use_multipart=False)
"""

SIGNED = """
import datetime
import requests
url = obstore.sign(store, "PUT", "signed", datetime.timedelta(hours=1))
assert requests.put(url, data=b"by url").status_code == 200
assert requests.get(obstore.sign(store, "GET", "signed", datetime.timedelta(hours=1))).content == b"by url"
"""

ICECHUNK = """
import os
import icechunk, numpy, zarr
bucket, _, prefix = os.environ["PERSISTENT_BUCKET"].removeprefix("gs://").partition("/")
storage = icechunk.gcs_storage(bucket=bucket, prefix=f"{prefix}/repository", from_env=True)
repository = icechunk.Repository.create(storage)
session = repository.writable_session("main")
array = zarr.create_array(session.store, name="x", shape=(100_000,), chunks=(10_000,), dtype="f8")
array[:] = numpy.arange(100_000)
first = session.commit("first")

def read(**which):
    return zarr.open_group(repository.readonly_session(**which).store, mode="r")["x"]
"""

REPOSITORY = """
repository = icechunk.Repository.open(storage)
assert (read(branch="main")[:] == numpy.arange(100_000)).all()
repository.create_branch("trial", first)
session = repository.writable_session("trial")
zarr.open_group(session.store)["x"][0] = 7
session.commit("second")
repository.create_tag("v1", first)
assert repository.list_branches() == {"main", "trial"}
assert [read(branch="trial")[0], read(branch="main")[0], read(tag="v1")[0]] == [7, 0, 0]
assert [commit.message for commit in repository.ancestry(branch="trial")][:2] == ["second", "first"]
repository.delete_branch("trial")
assert repository.list_branches() == {"main"}
"""

CONFLICT = """
one, two = repository.writable_session("main"), repository.writable_session("main")
zarr.open_group(one.store)["x"][0] = 7
zarr.open_group(two.store)["x"][0] = 8
one.commit("one")
try:
    two.commit("two")
except icechunk.ConflictError:
    two.discard_changes()
else:
    raise AssertionError("no conflict")
assert read(branch="main")[0] == 7
"""

GARBAGE = """
import datetime
session = repository.writable_session("main")
zarr.open_group(session.store)["x"][:] = numpy.arange(100_000) + 1
session.discard_changes()
removed = repository.garbage_collect(datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=1))
assert removed.chunks_deleted == 10, removed
assert (read(branch="main")[:] == numpy.arange(100_000)).all()
"""

TRANSFER_MANAGER = """
import os, pathlib
from google.cloud import storage
from google.cloud.storage import transfer_manager
if __name__ == "__main__":
    here = pathlib.Path.home()
    (here / "up").write_bytes(os.urandom(20 * 1024 * 1024 + 5))
    blob = storage.Client(project="p").bucket("leap-scratch").blob("funky-user/in parts +é.bin")
    blob.metadata = {"colour": "blue"}
    chunk = {"chunk_size": 8 * 1024 * 1024, "max_workers": 2}
    transfer_manager.upload_chunks_concurrently(str(here / "up"), blob, "a/b", **chunk)
    transfer_manager.download_chunks_concurrently(blob, str(here / "down"), **chunk)
    assert (here / "up").read_bytes() == (here / "down").read_bytes()
    blob.reload()
    assert (blob.content_type, blob.metadata, blob.md5_hash) == ("a/b", {"colour": "blue"}, None)
"""

SCRIPTS = {
    "obstore: objects": OBSTORE + OBJECTS,
    "obstore: conditions": OBSTORE + CONDITIONS,
    "obstore: listings": OBSTORE + LISTINGS,
    "obstore: multipart uploads": OBSTORE + MULTIPART,
    "obstore: a read-only bucket": OBSTORE + READ_ONLY,
    "obstore: signed URLs": OBSTORE + SIGNED,
    "icechunk: a repository": ICECHUNK + REPOSITORY,
    "icechunk: a conflict": ICECHUNK + CONFLICT,
    "icechunk: garbage": ICECHUNK + GARBAGE,
    "google-cloud-storage: uploads in chunks": TRANSFER_MANAGER,
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_client_works(fakehub, mode, root, tmp_path, name):
    script = tmp_path / "script.py"
    script.write_text(SCRIPTS[name], encoding="utf-8")
    facts = signing_facts(root, tmp_path)

    process = fakehub("--mode", mode, "--hub-yml", facts, "--", "python", str(script))

    assert process.returncode == 0, process.stderr
