"""gsutil; outside Google's own images it must be told to take the machine's credentials."""

import sys
import tempfile
from pathlib import Path

from column import BIG, BINARY, NAME, READ_ONLY, SMALL, Column, Place, command, exit_of

GSUTIL = (sys.argv[2], "-o", "GoogleCompute:service_account=default")
version = command(*GSUTIL, "version").decode().split()[-1]
column = Column("gsutil", version, "`-o GoogleCompute:service_account=default`")


def gsutil(*arguments: str, stdin: bytes = b"") -> bytes:
    return command(*GSUTIL, "-q", *arguments, stdin=stdin)


def upload(data: bytes, to: str, *options: str, fails: str | None = None) -> None:
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(data)
        command(*GSUTIL, "-q", *options, "cp", file.name, to, fails=fails)


@column.operation
def write(at: Place):
    upload(SMALL, at.url("a"))
    gsutil("cp", "-", at.url("b"), stdin=SMALL)
    assert at.get("a") == at.get("b") == SMALL


@column.operation
def write_parts(at: Place):
    upload(BIG, at.url("a"))
    upload(BIG, at.url("b"), "-o", "GSUtil:parallel_composite_upload_threshold=5M")
    assert at.get("a") == at.get("b") == BIG


@column.operation
def read(at: Place):
    at.put("a", BIG)
    assert gsutil("cat", at.url("a")) == BIG


@column.operation
def read_range(at: Place):
    at.put("a", BIG)
    assert gsutil("cat", "-r", "1000-1099", at.url("a")) == BIG[1000:1100]
    assert gsutil("cat", "-r", "-50", at.url("a")) == BIG[-50:]


@column.operation
def list_folder(at: Place):
    for name in ("a", "b/c", "b/d/e"):
        at.put(name)
    assert gsutil("ls", at.url("")).decode().split() == [at.url("a"), at.url("b/")]
    assert gsutil("ls", at.url("**")).decode().split() == [at.url(name) for name in ("a", "b/c", "b/d/e")]


@column.operation
def stat(at: Place):
    at.put("a")
    said = command(*GSUTIL, "stat", at.url("a")).decode()
    assert "Content-Length:" in said and "Hash (crc32c):" in said


@column.operation
def copy(at: Place):
    at.put("a")
    gsutil("cp", at.url("a"), at.url("b"))
    assert at.get("a") == at.get("b") == SMALL


@column.operation
def move(at: Place):
    at.put("a")
    gsutil("mv", at.url("a"), at.url("b"))
    assert (at.names(), at.get("b")) == (["b"], SMALL)


@column.operation
def overwrite(at: Place):
    at.put("a", BIG)
    upload(SMALL, at.url("a"))
    assert gsutil("cat", at.url("a")) == SMALL


@column.operation
def write_if_absent(at: Place):
    condition = ("-h", "x-goog-if-generation-match:0")
    upload(SMALL, at.url("a"), *condition)
    upload(b"other", at.url("a"), *condition, fails="PreconditionException: 412")
    assert at.get("a") == SMALL
    return "`PreconditionException: 412`"


@column.operation
def delete(at: Place):
    at.put("a")
    at.put("b")
    gsutil("rm", at.url("a"))
    assert at.names() == ["b"]


@column.operation
def delete_many(at: Place):
    for number in range(120):
        at.put(f"b/{number}")
    at.put("c")
    gsutil("-m", "rm", "-r", at.url("b"))
    assert at.names() == ["c"]


@column.operation
def missing(at: Place):
    return exit_of("No URLs matched", *GSUTIL, "cat", at.url("a"))


@column.operation
def forbidden(at: Place):
    upload(SMALL, f"gs://{READ_ONLY}/{at.name('a')}", fails="AccessDeniedException: 403")
    return "`AccessDeniedException: 403`"


@column.operation
def binary(at: Place):
    upload(BINARY, at.url("a"))
    assert at.get("a") == BINARY == gsutil("cat", at.url("a"))


@column.operation
def names(at: Place):
    upload(SMALL, at.url(NAME))
    assert at.names() == [NAME]
    assert gsutil("ls", at.url("**")).decode().strip() == at.url(NAME)
    assert gsutil("cat", at.url(NAME)) == SMALL


column.run()
