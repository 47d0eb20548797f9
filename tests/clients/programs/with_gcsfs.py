"""gcsfs, with no setting at all."""

import gcsfs
from column import BIG, BINARY, NAME, READ_ONLY, SMALL, Column, Place, error_of

fs = gcsfs.GCSFileSystem()
column = Column("gcsfs", gcsfs.__version__)


@column.operation
def write(at: Place):
    fs.pipe(at.url("a"), SMALL)
    assert at.get("a") == SMALL


@column.operation
def write_parts(at: Place):
    with fs.open(at.url("a"), "wb", block_size=2**20) as file:
        for start in range(0, len(BIG), 10**6):
            file.write(BIG[start : start + 10**6])
    assert at.get("a") == BIG


@column.operation
def read(at: Place):
    at.put("a", BIG)
    assert fs.cat(at.url("a")) == BIG
    with fs.open(at.url("a"), "rb") as file:
        assert file.read() == BIG


@column.operation
def read_range(at: Place):
    at.put("a", BIG)
    assert fs.cat_file(at.url("a"), start=1000, end=1100) == BIG[1000:1100]
    assert fs.cat_file(at.url("a"), start=-50) == BIG[-50:]
    assert fs.cat_ranges([at.url("a")] * 2, [0, 77], [10, 99]) == [BIG[:10], BIG[77:99]]


@column.operation
def list_folder(at: Place):
    for name in ("a", "b/c", "b/d/e"):
        at.put(name)
    assert sorted(fs.ls(at.url(""), detail=False)) == [at.path("a"), at.path("b")]
    assert fs.find(at.url("")) == [at.path(name) for name in ("a", "b/c", "b/d/e")]
    assert sorted(fs.glob(at.url("b/*"))) == [at.path("b/c"), at.path("b/d")]


@column.operation
def stat(at: Place):
    at.put("a")
    info = fs.info(at.url("a"))
    assert (info["size"], info["type"], info["name"]) == (len(SMALL), "file", at.path("a"))
    assert fs.isdir(at.url("")) and not fs.exists(at.url("b"))


@column.operation
def copy(at: Place):
    at.put("a")
    fs.copy(at.url("a"), at.url("b"))
    assert at.get("a") == at.get("b") == SMALL


@column.operation
def move(at: Place):
    at.put("a")
    fs.mv(at.url("a"), at.url("b"))
    assert (at.names(), at.get("b")) == (["b"], SMALL)


@column.operation
def overwrite(at: Place):
    at.put("a", BIG)
    fs.pipe(at.url("a"), SMALL)
    assert fs.cat(at.url("a")) == SMALL


@column.operation
def write_if_absent(at: Place):
    fs.pipe_file(at.url("a"), SMALL, mode="create")
    said = error_of(FileExistsError, "", lambda: fs.pipe_file(at.url("a"), b"other", mode="create"))
    assert at.get("a") == SMALL
    return said


@column.operation
def delete(at: Place):
    at.put("a")
    at.put("b")
    fs.rm_file(at.url("a"))
    assert at.names() == ["b"]


@column.operation
def delete_many(at: Place):
    for number in range(120):
        at.put(f"b/{number}")
    at.put("c")
    fs.rm(at.url("b"), recursive=True)
    assert at.names() == ["c"]


@column.operation
def missing(at: Place):
    return error_of(FileNotFoundError, "missing", lambda: fs.cat(at.url("a")))


@column.operation
def forbidden(at: Place):
    def put():
        fs.pipe(f"gs://{READ_ONLY}/{at.name('a')}", SMALL)

    return error_of(OSError, "Forbidden", put)


@column.operation
def binary(at: Place):
    fs.pipe(at.url("a"), BINARY)
    assert at.get("a") == BINARY == fs.cat(at.url("a"))


@column.operation
def names(at: Place):
    fs.pipe(at.url(NAME), SMALL)
    assert at.names() == [NAME]
    assert fs.find(at.url("")) == [at.path(NAME)]
    assert fs.cat(at.url(NAME)) == SMALL


column.run()
