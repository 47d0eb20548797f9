"""gcloud storage, with the machine's credentials, which it finds without any setting."""

import json

from column import BIG, READ_ONLY, SMALL, Column, Place, command, exit_of
from command_client import command_operations, upload, write_once

version = json.loads(command("gcloud", "version", "--format=json"))["Google Cloud SDK"]
column = Column("gcloud storage", version)


def gcloud(*arguments: str, options: tuple[str, ...] = (), stdin: bytes = b"", fails: str | None = None) -> bytes:
    return command("gcloud", "storage", *arguments, *options, "--quiet", stdin=stdin, fails=fails)


command_operations(column, gcloud, many=("rm", "-r"))


@column.operation
def write_parts(at: Place):
    upload(gcloud, BIG, at.url("a"))
    assert at.get("a") == BIG


@column.operation
def read_range(at: Place):
    at.put("a", BIG)
    assert gcloud("cat", "-r", "1000-1099", at.url("a")) == BIG[1000:1100]


@column.operation
def stat(at: Place):
    at.put("a")
    resource = json.loads(gcloud("objects", "describe", at.url("a"), "--format=json"))
    assert (resource["name"], resource["size"]) == (at.name("a"), len(SMALL))


@column.operation
def write_if_absent(at: Place):
    return write_once(gcloud, at, ("--if-generation-match=0",), fails="HTTPError 412")


@column.operation
def missing(at: Place):
    return exit_of("matched no objects or files", "gcloud", "storage", "cat", at.url("a"))


@column.operation
def forbidden(at: Place):
    upload(gcloud, SMALL, f"gs://{READ_ONLY}/{at.name('a')}", fails="does not have permission to access")
    return "`does not have permission to access`"


column.run()
