"""gsutil, which needs an option to use the machine's credentials outside Google's own images."""

import sys

from column import BIG, READ_ONLY, SMALL, Column, Place, command, exit_of
from command_client import command_operations, upload, write_once

GSUTIL = (sys.argv[2], "-o", "GoogleCompute:service_account=default")
version = command(*GSUTIL, "version").decode().split()[-1]
column = Column("gsutil", version, "`-o GoogleCompute:service_account=default`")


def gsutil(*arguments: str, options: tuple[str, ...] = (), stdin: bytes = b"", fails: str | None = None) -> bytes:
    return command(*GSUTIL, "-q", *options, *arguments, stdin=stdin, fails=fails)


command_operations(column, gsutil, many=("-m", "rm", "-r"))


@column.operation
def write_parts(at: Place):
    upload(gsutil, BIG, at.url("a"))
    upload(gsutil, BIG, at.url("b"), "-o", "GSUtil:parallel_composite_upload_threshold=5M")
    assert at.get("a") == at.get("b") == BIG


@column.operation
def read_range(at: Place):
    at.put("a", BIG)
    assert gsutil("cat", "-r", "1000-1099", at.url("a")) == BIG[1000:1100]
    assert gsutil("cat", "-r", "-50", at.url("a")) == BIG[-50:]


@column.operation
def stat(at: Place):
    at.put("a")
    output = command(*GSUTIL, "stat", at.url("a")).decode()
    assert "Content-Length:" in output and "Hash (crc32c):" in output


@column.operation
def write_if_absent(at: Place):
    condition = ("-h", "x-goog-if-generation-match:0")
    return write_once(gsutil, at, condition, fails="PreconditionException: 412")


@column.operation
def missing(at: Place):
    return exit_of("No URLs matched", *GSUTIL, "cat", at.url("a"))


@column.operation
def forbidden(at: Place):
    upload(gsutil, SMALL, f"gs://{READ_ONLY}/{at.name('a')}", fails="AccessDeniedException: 403")
    return "`AccessDeniedException: 403`"


column.run()
