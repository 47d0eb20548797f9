"""obstore, which uses the XML API, with the bucket's name as its only argument."""

from importlib.metadata import version

import obstore
from column import BIG, BINARY, NAME, READ_ONLY, SCRATCH, SMALL, Column, Place, error_of
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import GCSStore

store = GCSStore(SCRATCH)
column = Column("obstore", version("obstore"))


def content(name: str) -> bytes:
    return bytes(obstore.get(store, name).bytes())


@column.operation
def write(at: Place):
    obstore.put(store, at.name("a"), SMALL)
    assert at.get("a") == SMALL


@column.operation
def write_parts(at: Place):
    obstore.put(store, at.name("a"), BIG, use_multipart=True)
    assert at.get("a") == BIG
    with obstore.open_writer(store, at.name("b"), buffer_size=5 * 2**20) as file:
        file.write(BIG)
    assert at.get("b") == BIG


@column.operation
def read(at: Place):
    at.put("a", BIG)
    assert content(at.name("a")) == BIG
    assert b"".join(map(bytes, obstore.get(store, at.name("a")).stream(min_chunk_size=2**20))) == BIG


@column.operation
def read_range(at: Place):
    at.put("a", BIG)
    assert bytes(obstore.get_range(store, at.name("a"), start=1000, end=1100)) == BIG[1000:1100]
    several = obstore.get_ranges(store, at.name("a"), starts=[0, 5_000_000], lengths=[7, 9])
    assert list(map(bytes, several)) == [BIG[:7], BIG[5_000_000:5_000_009]]
    assert bytes(obstore.get(store, at.name("a"), options={"range": {"suffix": 5}}).bytes()) == BIG[-5:]


@column.operation
def list_folder(at: Place):
    for name in ("a", "b/c", "b/d/e"):
        at.put(name)
    listing = obstore.list_with_delimiter(store, at.name(""))
    assert [item["path"] for item in listing["objects"]] == [at.name("a")]
    assert listing["common_prefixes"] == [at.name("b")]
    every = [item["path"] for item in obstore.list(store, at.name("")).collect()]
    assert every == [at.name(name) for name in ("a", "b/c", "b/d/e")]


@column.operation
def stat(at: Place):
    at.put("a")
    meta = obstore.head(store, at.name("a"))
    assert (meta["path"], meta["size"]) == (at.name("a"), len(SMALL))
    assert meta["e_tag"] and meta["last_modified"].year > 2000


@column.operation
def copy(at: Place):
    at.put("a")
    obstore.copy(store, at.name("a"), at.name("b"))
    assert at.get("a") == at.get("b") == SMALL


@column.operation
def move(at: Place):
    at.put("a")
    obstore.rename(store, at.name("a"), at.name("b"))
    assert (at.names(), at.get("b")) == (["b"], SMALL)


@column.operation
def overwrite(at: Place):
    at.put("a", BIG)
    obstore.put(store, at.name("a"), SMALL)
    assert content(at.name("a")) == SMALL


@column.operation
def write_if_absent(at: Place):
    obstore.put(store, at.name("a"), SMALL, mode="create")
    error = error_of(AlreadyExistsError, "", lambda: obstore.put(store, at.name("a"), b"other", mode="create"))
    assert at.get("a") == SMALL
    return error


@column.operation
def delete(at: Place):
    at.put("a")
    at.put("b")
    obstore.delete(store, at.name("a"))
    assert at.names() == ["b"]


@column.operation
def delete_many(at: Place):
    for number in range(120):
        at.put(f"b/{number}")
    at.put("c")
    obstore.delete(store, [item["path"] for item in obstore.list(store, at.name("b/")).collect()])
    assert at.names() == ["c"]


@column.operation
def missing(at: Place):
    return error_of(FileNotFoundError, "not found", lambda: obstore.get(store, at.name("a")))


@column.operation
def forbidden(at: Place):
    read_only = GCSStore(READ_ONLY)
    return error_of((BaseError, OSError), "403", lambda: obstore.put(read_only, at.name("a"), SMALL))


@column.operation
def binary(at: Place):
    obstore.put(store, at.name("a"), BINARY)
    assert at.get("a") == BINARY == content(at.name("a"))


@column.operation
def names(at: Place):
    obstore.put(store, at.name(NAME), SMALL)
    assert at.names() == [NAME]
    assert [item["path"] for item in obstore.list(store, at.name("")).collect()] == [at.name(NAME)]
    assert content(at.name(NAME)) == SMALL


column.run()
