"""gcloud storage, with the machine's credentials, which it finds by itself."""

import json
import tempfile
from pathlib import Path

from column import BIG, BINARY, NAME, READ_ONLY, SMALL, Column, Place, command, exit_of

version = json.loads(command("gcloud", "version", "--format=json"))["Google Cloud SDK"]
column = Column("gcloud storage", version)


def gcloud(*arguments: str, stdin: bytes = b"") -> bytes:
    return command("gcloud", "storage", *arguments, "--quiet", stdin=stdin)


def upload(data: bytes, to: str, *options: str, fails: str | None = None) -> None:
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(data)
        command("gcloud", "storage", "cp", file.name, to, *options, "--quiet", fails=fails)


@column.operation
def write(at: Place):
    upload(SMALL, at.url("a"))
    gcloud("cp", "-", at.url("b"), stdin=SMALL)
    assert at.get("a") == at.get("b") == SMALL


@column.operation
def write_parts(at: Place):
    upload(BIG, at.url("a"))
    assert at.get("a") == BIG


@column.operation
def read(at: Place):
    at.put("a", BIG)
    assert gcloud("cat", at.url("a")) == BIG
    with tempfile.TemporaryDirectory() as folder:
        gcloud("cp", at.url("a"), folder)
        assert (Path(folder) / "a").read_bytes() == BIG


@column.operation
def read_range(at: Place):
    at.put("a", BIG)
    assert gcloud("cat", "-r", "1000-1099", at.url("a")) == BIG[1000:1100]


@column.operation
def list_folder(at: Place):
    for name in ("a", "b/c", "b/d/e"):
        at.put(name)
    assert gcloud("ls", at.url("")).decode().split() == [at.url("a"), at.url("b/")]
    assert gcloud("ls", at.url("**")).decode().split() == [at.url(name) for name in ("a", "b/c", "b/d/e")]


@column.operation
def stat(at: Place):
    at.put("a")
    found = json.loads(gcloud("objects", "describe", at.url("a"), "--format=json"))
    assert (found["name"], found["size"]) == (at.name("a"), len(SMALL))


@column.operation
def copy(at: Place):
    at.put("a")
    gcloud("cp", at.url("a"), at.url("b"))
    assert at.get("a") == at.get("b") == SMALL


@column.operation
def move(at: Place):
    at.put("a")
    gcloud("mv", at.url("a"), at.url("b"))
    assert (at.names(), at.get("b")) == (["b"], SMALL)


@column.operation
def overwrite(at: Place):
    at.put("a", BIG)
    upload(SMALL, at.url("a"))
    assert gcloud("cat", at.url("a")) == SMALL


@column.operation
def write_if_absent(at: Place):
    upload(SMALL, at.url("a"), "--if-generation-match=0")
    upload(b"other", at.url("a"), "--if-generation-match=0", fails="HTTPError 412")
    assert at.get("a") == SMALL
    return "`HTTPError 412`"


@column.operation
def delete(at: Place):
    at.put("a")
    at.put("b")
    gcloud("rm", at.url("a"))
    assert at.names() == ["b"]


@column.operation
def delete_many(at: Place):
    for number in range(120):
        at.put(f"b/{number}")
    at.put("c")
    gcloud("rm", "-r", at.url("b"))
    assert at.names() == ["c"]


@column.operation
def missing(at: Place):
    return exit_of("matched no objects or files", "gcloud", "storage", "cat", at.url("a"))


@column.operation
def forbidden(at: Place):
    upload(SMALL, f"gs://{READ_ONLY}/{at.name('a')}", fails="does not have permission to access")
    return "`does not have permission to access`"


@column.operation
def binary(at: Place):
    upload(BINARY, at.url("a"))
    assert at.get("a") == BINARY == gcloud("cat", at.url("a"))


@column.operation
def names(at: Place):
    upload(SMALL, at.url(NAME))
    assert at.names() == [NAME]
    assert gcloud("ls", at.url("**")).decode().strip() == at.url(NAME)
    assert gcloud("cat", at.url(NAME)) == SMALL


column.run()
