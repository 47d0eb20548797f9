"""rclone with the settings that its users need.

``env_auth`` takes the machine's credentials; ``bucket_policy_only`` is for the bucket with uniform access.
"""

import tempfile
from pathlib import Path

from column import BIG, BINARY, NAME, READ_ONLY, SMALL, Column, Place, command, exit_of

command("rclone", "config", "create", "hub", "google cloud storage", "env_auth=true")
command("rclone", "config", "create", "uniform", "google cloud storage", "env_auth=true", "bucket_policy_only=true")
version = command("rclone", "version").decode().split()[1].removeprefix("v")
column = Column("rclone", version, "`env_auth=true`; for a uniform bucket `bucket_policy_only=true`")


def rclone(*arguments: str, stdin: bytes = b"") -> bytes:
    return command("rclone", *arguments, stdin=stdin)


def address(at: Place, name: str) -> str:
    return f"hub:{at.path(name)}"


def upload(data: bytes, to: str) -> None:
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(data)
        rclone("copyto", file.name, to)


@column.operation
def write(at: Place):
    upload(SMALL, address(at, "a"))
    rclone("rcat", address(at, "b"), stdin=SMALL)
    assert at.get("a") == at.get("b") == SMALL


@column.operation
def write_parts(at: Place):
    upload(BIG, address(at, "a"))
    rclone("rcat", address(at, "b"), stdin=BIG)
    assert at.get("a") == at.get("b") == BIG


@column.operation
def read(at: Place):
    at.put("a", BIG)
    assert rclone("cat", address(at, "a")) == BIG


@column.operation
def read_range(at: Place):
    at.put("a", BIG)
    assert rclone("cat", "--offset", "1000", "--count", "100", address(at, "a")) == BIG[1000:1100]
    assert rclone("cat", "--tail", "50", address(at, "a")) == BIG[-50:]


@column.operation
def list_folder(at: Place):
    for name in ("a", "b/c", "b/d/e"):
        at.put(name)
    assert rclone("lsf", address(at, "")).decode().split() == ["a", "b/"]
    assert sorted(rclone("lsf", "-R", "--files-only", address(at, "")).decode().split()) == ["a", "b/c", "b/d/e"]


@column.operation
def stat(at: Place):
    at.put("a")
    assert rclone("lsf", "--format", "sp", address(at, "a")).decode().strip() == f"{len(SMALL)};a"
    assert rclone("md5sum", address(at, "a")).decode().split()[1] == "a"


@column.operation
def copy(at: Place):
    at.put("a")
    rclone("copyto", address(at, "a"), address(at, "b"))
    assert at.get("a") == at.get("b") == SMALL


@column.operation
def move(at: Place):
    at.put("a")
    rclone("moveto", address(at, "a"), address(at, "b"))
    assert (at.names(), at.get("b")) == (["b"], SMALL)


@column.operation
def overwrite(at: Place):
    at.put("a", BIG)
    upload(SMALL, address(at, "a"))
    assert rclone("cat", address(at, "a")) == SMALL


column.absent("write_if_absent", "`--ignore-existing` checks first and then writes; it sends no precondition")


@column.operation
def delete(at: Place):
    at.put("a")
    at.put("b")
    rclone("deletefile", address(at, "a"))
    assert at.names() == ["b"]


@column.operation
def delete_many(at: Place):
    for number in range(120):
        at.put(f"b/{number}")
    at.put("c")
    rclone("purge", address(at, "b"))
    assert at.names() == ["c"]


@column.operation
def missing(at: Place):
    # Copying or printing an object that does not exist is not an error for rclone.
    return exit_of("object not found", "rclone", "deletefile", "--retries", "1", address(at, "a"))


@column.operation
def forbidden(at: Place):
    target = f"uniform:{READ_ONLY}/{at.name('a')}"
    return exit_of("Error 403", "rclone", "rcat", "--retries", "1", target, stdin=SMALL)


@column.operation
def binary(at: Place):
    upload(BINARY, address(at, "a"))
    assert at.get("a") == BINARY == rclone("cat", address(at, "a"))


@column.operation
def names(at: Place):
    upload(SMALL, address(at, NAME))
    assert at.names() == [NAME]
    assert rclone("lsf", "-R", "--files-only", address(at, "")).decode().strip() == NAME
    assert rclone("cat", address(at, NAME)) == SMALL


@column.operation
def sync(at: Place):
    at.put("old")
    with tempfile.TemporaryDirectory() as folder:
        for name in ("a", "b/c"):
            (Path(folder) / name).parent.mkdir(exist_ok=True)
            (Path(folder) / name).write_bytes(SMALL)
        rclone("sync", folder, address(at, ""))
        assert at.names() == ["a", "b/c"]
        rclone("check", folder, address(at, ""))


column.run()
