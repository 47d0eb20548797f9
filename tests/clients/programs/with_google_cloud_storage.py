"""google-cloud-storage, Google's own library, with the project from the metadata server."""

import tempfile
from pathlib import Path

from column import BIG, BINARY, NAME, READ_ONLY, SCRATCH, SMALL, Column, Place, error_of
from google.api_core.exceptions import Forbidden, NotFound, PreconditionFailed
from google.cloud import storage
from google.cloud.storage import transfer_manager

client = storage.Client()
bucket = client.bucket(SCRATCH)
column = Column("google-cloud-storage", storage.__version__)


@column.operation
def write(at: Place):
    bucket.blob(at.name("a")).upload_from_string(SMALL)
    assert at.get("a") == SMALL


@column.operation
def write_parts(at: Place):
    blob = bucket.blob(at.name("a"), chunk_size=2**20)
    blob.upload_from_string(BIG)
    assert at.get("a") == BIG
    with bucket.blob(at.name("b")).open("wb", chunk_size=2**20) as file:
        file.write(BIG)
    assert at.get("b") == BIG


@column.operation
def read(at: Place):
    at.put("a", BIG)
    assert bucket.blob(at.name("a")).download_as_bytes() == BIG
    assert bucket.blob(at.name("a"), chunk_size=2**20).download_as_bytes() == BIG


@column.operation
def read_range(at: Place):
    at.put("a", BIG)
    assert bucket.blob(at.name("a")).download_as_bytes(start=1000, end=1099) == BIG[1000:1100]
    with bucket.blob(at.name("a")).open("rb") as file:
        file.seek(5000)
        assert file.read(10) == BIG[5000:5010]


@column.operation
def list_folder(at: Place):
    for name in ("a", "b/c", "b/d/e"):
        at.put(name)
    blobs = client.list_blobs(SCRATCH, prefix=at.name(""), delimiter="/", page_size=1)
    assert [blob.name for blob in blobs] == [at.name("a")]
    assert blobs.prefixes == {at.name("b/")}
    matching = client.list_blobs(SCRATCH, match_glob=at.name("**/e"))
    assert [blob.name for blob in matching] == [at.name("b/d/e")]


@column.operation
def stat(at: Place):
    at.put("a")
    blob = bucket.get_blob(at.name("a"))
    assert (blob.size, blob.metageneration, blob.storage_class) == (len(SMALL), 1, "STANDARD")
    assert blob.exists() and bucket.get_blob(at.name("b")) is None


@column.operation
def copy(at: Place):
    at.put("a")
    bucket.copy_blob(bucket.blob(at.name("a")), bucket, at.name("b"))
    bucket.blob(at.name("c")).rewrite(bucket.blob(at.name("a")))
    assert at.get("a") == at.get("b") == at.get("c") == SMALL


@column.operation
def move(at: Place):
    at.put("a")
    at.put("b")
    bucket.rename_blob(bucket.blob(at.name("a")), at.name("c"))
    assert (at.names(), at.get("c")) == (["b", "c"], SMALL)


@column.operation
def overwrite(at: Place):
    at.put("a", BIG)
    bucket.blob(at.name("a")).upload_from_string(SMALL)
    assert bucket.blob(at.name("a")).download_as_bytes() == SMALL


@column.operation
def write_if_absent(at: Place):
    blob = bucket.blob(at.name("a"))
    blob.upload_from_string(SMALL, if_generation_match=0)
    error = error_of(PreconditionFailed, "412", lambda: blob.upload_from_string(b"other", if_generation_match=0))
    assert at.get("a") == SMALL
    return error


@column.operation
def delete(at: Place):
    at.put("a")
    at.put("b")
    bucket.blob(at.name("a")).delete()
    assert at.names() == ["b"]


@column.operation
def delete_many(at: Place):
    for number in range(120):
        at.put(f"b/{number}")
    at.put("c")
    blobs = list(bucket.list_blobs(prefix=at.name("b/")))
    bucket.delete_blobs(blobs[:20])
    # A batch takes at most 100 calls.
    with client.batch():
        for blob in blobs[20:]:
            blob.delete()
    assert at.names() == ["c"]


@column.operation
def missing(at: Place):
    return error_of(NotFound, "No such object", lambda: bucket.blob(at.name("a")).download_as_bytes())


@column.operation
def forbidden(at: Place):
    blob = client.bucket(READ_ONLY).blob(at.name("a"))
    return error_of(Forbidden, "does not have storage.objects.create access", lambda: blob.upload_from_string(SMALL))


@column.operation
def binary(at: Place):
    blob = bucket.blob(at.name("a"))
    blob.upload_from_string(BINARY)
    assert at.get("a") == BINARY == blob.download_as_bytes()


@column.operation
def names(at: Place):
    bucket.blob(at.name(NAME)).upload_from_string(SMALL)
    assert at.names() == [NAME]
    assert [blob.download_as_bytes() for blob in bucket.list_blobs(prefix=at.name("a sp"))] == [SMALL]


@column.operation
def upload_many(at: Place):
    with tempfile.TemporaryDirectory() as folder:
        for number in range(20):
            (Path(folder) / str(number)).write_bytes(SMALL)
        files = [str(number) for number in range(20)]
        done = transfer_manager.upload_many_from_filenames(
            bucket, files, source_directory=folder, blob_name_prefix=at.name(""), worker_type="thread"
        )
    assert done == [None] * 20 and len(at.names()) == 20


@column.operation
def download_many(at: Place):
    for number in range(20):
        at.put(str(number))
    with tempfile.TemporaryDirectory() as folder:
        names = [str(number) for number in range(20)]
        done = transfer_manager.download_many_to_path(
            bucket, names, destination_directory=folder, blob_name_prefix=at.name(""), worker_type="thread"
        )
        assert done == [None] * 20
        assert all((Path(folder) / name).read_bytes() == SMALL for name in names)


@column.operation
def upload_chunks(at: Place):
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(BIG)
        transfer_manager.upload_chunks_concurrently(file.name, bucket.blob(at.name("a")), chunk_size=5 * 2**20)
    assert at.get("a") == BIG


@column.operation
def download_chunks(at: Place):
    at.put("a", BIG)
    with tempfile.NamedTemporaryFile() as file:
        blob = bucket.get_blob(at.name("a"))
        transfer_manager.download_chunks_concurrently(blob, file.name, chunk_size=2 * 2**20)
        assert Path(file.name).read_bytes() == BIG


column.run()
