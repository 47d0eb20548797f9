"""s3fs at the pod of the Open Storage Network: anonymous to read, with the key that is handed out to write."""

import s3fs
from column import BIG, BINARY, NAME, SMALL, Column, Place, error_of

from fakehub.facts import load
from fakehub.osn import ACCESS_KEY, SECRET_KEY

ENDPOINT = load().osn.endpoint
everybody = s3fs.S3FileSystem(anon=True, endpoint_url=ENDPOINT)
writer = s3fs.S3FileSystem(key=ACCESS_KEY, secret=SECRET_KEY, endpoint_url=ENDPOINT)
# Sees what is there without s3fs's memory of listings.
plain = s3fs.S3FileSystem(anon=True, endpoint_url=ENDPOINT, use_listings_cache=False)


class Inbox(Place):
    """A prefix in the bucket that the key writes to."""

    bucket = "leap-pangeo-inbox"
    scheme = "s3"

    def put(self, name: str, data: bytes = SMALL) -> None:
        writer.pipe(self.path(name), data)

    def get(self, name: str) -> bytes | None:
        return plain.cat(self.path(name)) if plain.exists(self.path(name)) else None

    def names(self) -> list[str]:
        plain.invalidate_cache()
        return [path.removeprefix(self.path("")) for path in plain.find(self.path(""))]


column = Column("s3fs", s3fs.__version__, "`endpoint_url`; `anon=True` to read, a key to write", Inbox)


@column.operation
def write(at: Place):
    writer.pipe(at.url("a"), SMALL)
    assert at.get("a") == SMALL


@column.operation
def write_parts(at: Place):
    with writer.open(at.url("a"), "wb", block_size=5 * 2**20) as file:
        for start in range(0, len(BIG), 10**6):
            file.write(BIG[start : start + 10**6])
    assert at.get("a") == BIG


@column.operation
def read(at: Place):
    at.put("a", BIG)
    assert everybody.cat(at.url("a")) == BIG
    with everybody.open(at.url("a"), "rb") as file:
        assert file.read() == BIG


@column.operation
def read_range(at: Place):
    at.put("a", BIG)
    assert everybody.cat_file(at.url("a"), start=1000, end=1100) == BIG[1000:1100]
    assert everybody.cat_file(at.url("a"), start=-50) == BIG[-50:]


@column.operation
def list_folder(at: Place):
    for name in ("a", "b/c", "b/d/e"):
        at.put(name)
    assert sorted(everybody.ls(at.url(""), detail=False)) == [at.path("a"), at.path("b")]
    assert everybody.find(at.url("")) == [at.path(name) for name in ("a", "b/c", "b/d/e")]


@column.operation
def stat(at: Place):
    at.put("a")
    info = everybody.info(at.url("a"))
    assert (info["size"], info["type"], info["name"]) == (len(SMALL), "file", at.path("a"))
    assert not everybody.exists(at.url("b"))


@column.operation
def copy(at: Place):
    at.put("a")
    writer.copy(at.url("a"), at.url("b"))
    assert at.get("a") == at.get("b") == SMALL


@column.operation
def move(at: Place):
    at.put("a")
    writer.mv(at.url("a"), at.url("b"))
    assert (at.names(), at.get("b")) == (["b"], SMALL)


@column.operation
def overwrite(at: Place):
    at.put("a", BIG)
    writer.pipe(at.url("a"), SMALL)
    assert everybody.cat(at.url("a")) == SMALL


@column.operation
def write_if_absent(at: Place):
    writer.pipe_file(at.url("a"), SMALL, mode="create")
    said = error_of(FileExistsError, "", lambda: writer.pipe_file(at.url("a"), b"other", mode="create"))
    assert at.get("a") == SMALL
    return said


@column.operation
def delete(at: Place):
    at.put("a")
    at.put("b")
    writer.rm_file(at.url("a"))
    assert at.names() == ["b"]


@column.operation
def delete_many(at: Place):
    for number in range(40):
        at.put(f"b/{number}")
    at.put("c")
    writer.rm(at.url("b"), recursive=True)
    assert at.names() == ["c"]


@column.operation
def missing(at: Place):
    return error_of(FileNotFoundError, "", lambda: everybody.cat(at.url("a")))


@column.operation
def forbidden(at: Place):
    error_of(PermissionError, "Access Denied", lambda: everybody.pipe(at.url("a"), SMALL))
    elsewhere = f"s3://leap-pubs/{at.name('a')}"
    return error_of(PermissionError, "Access Denied", lambda: writer.pipe(elsewhere, SMALL))


@column.operation
def binary(at: Place):
    writer.pipe(at.url("a"), BINARY)
    assert everybody.cat(at.url("a")) == BINARY


@column.operation
def names(at: Place):
    writer.pipe(at.url(NAME), SMALL)
    assert at.names() == [NAME]
    assert everybody.find(at.url("")) == [at.path(NAME)]
    assert everybody.cat(at.url(NAME)) == SMALL


@column.operation
def wrong_secret(at: Place):
    other = s3fs.S3FileSystem(key=ACCESS_KEY, secret="another", endpoint_url=ENDPOINT)
    return error_of(PermissionError, "signature", lambda: other.pipe(at.url("a"), SMALL))


column.run()
