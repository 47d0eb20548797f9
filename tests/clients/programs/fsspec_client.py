"""Operations that work the same way with every fsspec file system: one for writing, and one for reading."""

from __future__ import annotations

from column import BIG, SMALL, Column, Place, error_of
from fsspec import AbstractFileSystem
from usual import Calls, usual


def fsspec_operations(column: Column, writer: AbstractFileSystem, reader: AbstractFileSystem, block_size: int) -> None:
    """Register the operations of ``writer`` and ``reader``, which may be the same; parts have ``block_size`` bytes."""
    usual(
        column,
        Calls(
            store=lambda at, name, data: writer.pipe(at.url(name), data),
            content=lambda at, name: reader.cat(at.url(name)),
            copy=lambda at, source, target: writer.copy(at.url(source), at.url(target)),
            move=lambda at, source, target: writer.mv(at.url(source), at.url(target)),
            remove=lambda at, name: writer.rm_file(at.url(name)),
            remove_folder=lambda at, name: writer.rm(at.url(name), recursive=True),
            listed=lambda at: reader.find(at.url("")),
            listed_as=lambda at, name: at.path(name),
        ),
    )

    _write_operations(column, writer, block_size)
    _read_operations(column, reader)


def _write_operations(column: Column, writer: AbstractFileSystem, block_size: int) -> None:
    @column.operation
    def write(at: Place):
        writer.pipe(at.url("a"), SMALL)
        assert at.get("a") == SMALL

    @column.operation
    def write_parts(at: Place):
        with writer.open(at.url("a"), "wb", block_size=block_size) as file:
            for start in range(0, len(BIG), 10**6):
                file.write(BIG[start : start + 10**6])
        assert at.get("a") == BIG

    @column.operation
    def write_if_absent(at: Place):
        writer.pipe_file(at.url("a"), SMALL, mode="create")
        error = error_of(FileExistsError, "", lambda: writer.pipe_file(at.url("a"), b"other", mode="create"))
        assert at.get("a") == SMALL
        return error


def _read_operations(column: Column, reader: AbstractFileSystem) -> None:
    @column.operation
    def read(at: Place):
        at.put("a", BIG)
        assert reader.cat(at.url("a")) == BIG
        with reader.open(at.url("a"), "rb") as file:
            assert file.read() == BIG

    @column.operation
    def read_range(at: Place):
        at.put("a", BIG)
        assert reader.cat_file(at.url("a"), start=1000, end=1100) == BIG[1000:1100]
        assert reader.cat_file(at.url("a"), start=-50) == BIG[-50:]
        assert reader.cat_ranges([at.url("a")] * 2, [0, 77], [10, 99]) == [BIG[:10], BIG[77:99]]

    @column.operation
    def list_folder(at: Place):
        for name in ("a", "b/c", "b/d/e"):
            at.put(name)
        assert sorted(reader.ls(at.url(""), detail=False)) == [at.path("a"), at.path("b")]
        assert reader.find(at.url("")) == [at.path(name) for name in ("a", "b/c", "b/d/e")]
        assert sorted(reader.glob(at.url("b/*"))) == [at.path("b/c"), at.path("b/d")]

    @column.operation
    def stat(at: Place):
        at.put("a")
        info = reader.info(at.url("a"))
        assert (info["size"], info["type"], info["name"]) == (len(SMALL), "file", at.path("a"))
        assert reader.isdir(at.url("")) and not reader.exists(at.url("b"))
