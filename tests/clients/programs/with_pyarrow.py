"""pyarrow's own client (C++), which finds credentials without any setting; pandas uses it for ``gs://`` too."""

import pyarrow
from column import BIG, READ_ONLY, SMALL, Column, Place, error_of
from pyarrow.fs import FileSelector, FileType, GcsFileSystem
from usual import Calls, usual

fs = GcsFileSystem()
column = Column("pyarrow", pyarrow.__version__)


def store(path: str, data: bytes) -> None:
    with fs.open_output_stream(path) as file:
        file.write(data)


def content(path: str) -> bytes:
    with fs.open_input_stream(path) as file:
        return file.read()


usual(
    column,
    Calls(
        store=lambda at, name, data: store(at.path(name), data),
        content=lambda at, name: content(at.path(name)),
        copy=lambda at, source, target: fs.copy_file(at.path(source), at.path(target)),
        move=lambda at, source, target: fs.move(at.path(source), at.path(target)),
        remove=lambda at, name: fs.delete_file(at.path(name)),
        remove_folder=lambda at, name: fs.delete_dir(at.path(name)),
        listed=lambda at: [info.path for info in fs.get_file_info(FileSelector(at.path(""), recursive=True))],
        listed_as=lambda at, name: at.path(name),
    ),
)


@column.operation
def write(at: Place):
    store(at.path("a"), SMALL)
    assert at.get("a") == SMALL


@column.operation
def write_parts(at: Place):
    with fs.open_output_stream(at.path("a")) as file:
        for start in range(0, len(BIG), 10**6):
            file.write(BIG[start : start + 10**6])
    assert at.get("a") == BIG


@column.operation
def read(at: Place):
    at.put("a", BIG)
    assert content(at.path("a")) == BIG


@column.operation
def read_range(at: Place):
    at.put("a", BIG)
    with fs.open_input_file(at.path("a")) as file:
        assert file.read_at(100, 1000) == BIG[1000:1100]
        file.seek(-50, 2)
        assert file.read() == BIG[-50:]


@column.operation
def list_folder(at: Place):
    # pyarrow sees a folder only if it was created: an empty object whose name ends with a slash.
    fs.create_dir(at.path("b"))
    for name in ("a", "b/c", "b/d/e"):
        at.put(name)
    shallow = fs.get_file_info(FileSelector(f"{at.bucket}/{at.prefix}"))
    assert {info.path: info.type for info in shallow} == {
        at.path("a"): FileType.File,
        at.path("b"): FileType.Directory,
    }
    deep = fs.get_file_info(FileSelector(at.path(""), recursive=True))
    files = sorted(info.path for info in deep if info.type == FileType.File)
    assert files == [at.path(name) for name in ("a", "b/c", "b/d/e")]


@column.operation
def stat(at: Place):
    at.put("a")
    info, missing = fs.get_file_info([at.path("a"), at.path("b")])
    assert (info.type, info.size) == (FileType.File, len(SMALL))
    assert missing.type == FileType.NotFound


column.absent("write_if_absent", "it has no preconditions")


# Replaces the usual operation, because a folder exists only if it was created, and its parent is left behind.
@column.operation
def delete_many(at: Place):
    fs.create_dir(at.path("b"))
    for number in range(40):
        at.put(f"b/{number}")
    at.put("c")
    fs.delete_dir(at.path("b"))
    assert at.names() == ["", "c"]


@column.operation
def missing(at: Place):
    return error_of(FileNotFoundError, at.path("a"), lambda: fs.open_input_file(at.path("a")))


@column.operation
def forbidden(at: Place):
    return error_of(OSError, "PERMISSION_DENIED", lambda: store(f"{READ_ONLY}/{at.name('a')}", SMALL))


column.run()
