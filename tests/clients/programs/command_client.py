"""Operations whose commands are the same for gcloud storage and gsutil, apart from how they begin."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from column import BIG, SMALL, Column, Place
from usual import Calls, usual

# Runs one command of the client, such as ``cat``, and returns what it prints.
Ask = Callable[..., bytes]


def upload(ask: Ask, data: bytes, to: str, *options: str, fails: str | None = None) -> None:
    """Have the client upload a file with ``data`` to an address, with the client's ``options``."""
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(data)
        ask("cp", file.name, to, options=options, fails=fails)


def command_operations(column: Column, ask: Ask, many: tuple[str, ...]) -> None:
    """Register the operations, which run commands with ``ask``; ``many`` is the command that deletes a folder."""
    usual(
        column,
        Calls(
            store=lambda at, name, data: upload(ask, data, at.url(name)),
            content=lambda at, name: ask("cat", at.url(name)),
            copy=lambda at, source, target: ask("cp", at.url(source), at.url(target)),
            move=lambda at, source, target: ask("mv", at.url(source), at.url(target)),
            remove=lambda at, name: ask("rm", at.url(name)),
            remove_folder=lambda at, name: ask(*many, at.url(name)),
            listed=lambda at: ask("ls", at.url("**")).decode().strip().split("\n"),
            listed_as=lambda at, name: at.url(name),
        ),
    )

    @column.operation
    def write(at: Place):
        upload(ask, SMALL, at.url("a"))
        ask("cp", "-", at.url("b"), stdin=SMALL)
        assert at.get("a") == at.get("b") == SMALL

    @column.operation
    def read(at: Place):
        at.put("a", BIG)
        assert ask("cat", at.url("a")) == BIG
        with tempfile.TemporaryDirectory() as folder:
            ask("cp", at.url("a"), folder)
            assert (Path(folder) / "a").read_bytes() == BIG

    @column.operation
    def list_folder(at: Place):
        for name in ("a", "b/c", "b/d/e"):
            at.put(name)
        assert ask("ls", at.url("")).decode().split() == [at.url("a"), at.url("b/")]
        assert ask("ls", at.url("**")).decode().split() == [at.url(name) for name in ("a", "b/c", "b/d/e")]


def write_once(ask: Ask, at: Place, condition: tuple[str, ...], fails: str) -> str:
    """Store an object twice, on the ``condition`` that it does not exist; return the error of the second attempt."""
    upload(ask, SMALL, at.url("a"), *condition)
    upload(ask, b"other", at.url("a"), *condition, fails=fails)
    assert at.get("a") == SMALL
    return f"`{fails}`"
