"""Google's client of Cloud Storage for Node, in one process that ``node_storage.js`` runs."""

import base64
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import requests
from column import BIG, READ_ONLY, SMALL, Column, Place, error_of
from usual import Calls, usual

NPM, NODE = Path(sys.argv[3]), sys.argv[4]
PROGRAM = Path(__file__).parent / "node_storage.js"


class NodeError(Exception):
    """An error of the client: its code and its message."""


process = subprocess.Popen(
    [NODE, str(PROGRAM)],
    stdin=subprocess.PIPE,
    stdout=subprocess.PIPE,
    text=True,
    env=os.environ | {"NODE_PATH": str(NPM / "node_modules")},
)


def ask(call: str, *arguments):
    """Make one call of the client and return its value; raise ``NodeError``."""
    print(json.dumps({"call": call, "arguments": arguments}), file=process.stdin, flush=True)
    answer = json.loads(process.stdout.readline())
    if "error" in answer:
        raise NodeError(answer["error"])
    return answer["value"]


def store(at: Place, name: str, data: bytes, bucket: str | None = None, **options) -> None:
    ask("write", bucket or at.bucket, at.name(name), base64.b64encode(data).decode(), options)


def content(at: Place, name: str, **options) -> bytes:
    return base64.b64decode(ask("read", at.bucket, at.name(name), options))


package = json.loads((NPM / "node_modules/@google-cloud/storage/package.json").read_text(encoding="utf-8"))
column = Column("@google-cloud/storage for Node", package["version"])
usual(
    column,
    Calls(
        store=store,
        content=content,
        copy=lambda at, source, target: ask("copy", at.bucket, at.name(source), at.name(target)),
        move=lambda at, source, target: ask("move", at.bucket, at.name(source), at.name(target)),
        remove=lambda at, name: ask("remove", at.bucket, at.name(name)),
        remove_folder=lambda at, name: ask("removeMany", at.bucket, at.name(f"{name}/")),
        listed=lambda at: ask("list", at.bucket, {"prefix": at.name("")})[0],
        listed_as=lambda at, name: at.name(name),
    ),
)


@column.operation
def write(at: Place):
    store(at, "a", SMALL)
    store(at, "b", SMALL, resumable=False)
    store(at, "c", b"")
    assert (at.get("a"), at.get("b"), at.get("c")) == (SMALL, SMALL, b"")


@column.operation
def write_parts(at: Place):
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(BIG)
        ask("upload", at.bucket, at.name("a"), file.name, {"resumable": True, "chunkSize": 2**21})
        ask("upload", at.bucket, at.name("b"), file.name, {"resumable": True})
    assert at.get("a") == at.get("b") == BIG


@column.operation
def read(at: Place):
    at.put("a", BIG)
    assert content(at, "a") == BIG


@column.operation
def read_range(at: Place):
    at.put("a", BIG)
    assert content(at, "a", start=1000, end=1099) == BIG[1000:1100]
    assert content(at, "a", end=-50) == BIG[-50:]


@column.operation
def list_folder(at: Place):
    for name in ("a", "b/c", "b/d/e"):
        at.put(name)
    assert ask("list", at.bucket, {"prefix": at.name(""), "delimiter": "/"}) == [[at.name("a")], [at.name("b/")]]


@column.operation
def stat(at: Place):
    store(at, "a", SMALL, metadata={"contentType": "text/markdown"})
    shown = ask("stat", at.bucket, at.name("a"))
    assert (int(shown["size"]), shown["contentType"]) == (len(SMALL), "text/markdown")


@column.operation
def write_if_absent(at: Place):
    once = {"preconditionOpts": {"ifGenerationMatch": 0}}
    store(at, "a", SMALL, **once)
    error_of(NodeError, "412: ", lambda: store(at, "a", b"other", resumable=False, **once))
    assert at.get("a") == SMALL
    return "`412`"


@column.operation
def missing(at: Place):
    error_of(NodeError, "No such object", lambda: content(at, "a"))
    return "`404`"


@column.operation
def forbidden(at: Place):
    error_of(NodeError, "403: ", lambda: store(at, "a", SMALL, bucket=READ_ONLY))
    return "`403`"


@column.operation
def upload_chunks(at: Place):
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(BIG)
        ask("uploadChunks", at.bucket, at.name("a"), file.name, 5 * 2**20)
    assert at.get("a") == BIG


@column.operation
def download_chunks(at: Place):
    at.put("a", BIG)
    with tempfile.NamedTemporaryFile() as file:
        ask("downloadChunks", at.bucket, at.name("a"), file.name, 2**21)
        assert Path(file.name).read_bytes() == BIG


@column.operation
def signed(at: Place):
    at.put("a")
    url = ask("signed", at.bucket, at.name("a"))
    assert url.startswith(f"https://{at.bucket}.storage.googleapis.com/")
    assert requests.get(url, timeout=60).content == SMALL


column.run()
process.stdin.close()
process.wait()
