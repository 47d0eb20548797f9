"""curl alone: the JSON API by hand, with a token from the metadata server."""

import json
from urllib.parse import quote

from column import API, BIG, BINARY, NAME, READ_ONLY, SCRATCH, SMALL, Column, Place, command, exit_of, token

version = command("curl", "--version").decode().split()[1]
column = Column("curl", version, "a token in `Authorization`")
FAIL = ("--silent", "--show-error", "--fail-with-body")
SIGNED = (*FAIL, "--header", f"Authorization: Bearer {token()}")


def curl(*arguments: str, stdin: bytes = b"") -> bytes:
    return command("curl", *SIGNED, *arguments, stdin=stdin)


def upload(at: Place, name: str, query: str = "", bucket: str = SCRATCH) -> tuple[str, ...]:
    url = f"{API}/upload/storage/v1/b/{bucket}/o?uploadType=media&name={quote(at.name(name), safe='')}{query}"
    return ("--data-binary", "@-", "--header", "Content-Type: text/plain", url)


def address(at: Place, name: str) -> str:
    return f"{API}/storage/v1/b/{at.bucket}/o/{quote(at.name(name), safe='')}"


@column.operation
def write(at: Place):
    resource = json.loads(curl(*upload(at, "a"), stdin=SMALL))
    assert (resource["size"], at.get("a")) == (str(len(SMALL)), SMALL)


@column.operation
def write_parts(at: Place):
    start = f"{API}/upload/storage/v1/b/{at.bucket}/o?uploadType=resumable&name={quote(at.name('a'), safe='')}"
    heads = curl("--request", "POST", "--header", "Content-Length: 0", "--dump-header", "-", start).decode()
    session = next(line.split(": ", 1)[1] for line in heads.splitlines() if line.lower().startswith("location: "))
    half = 5 * 2**20
    for first, data in ((0, BIG[:half]), (half, BIG[half:])):
        span = f"Content-Range: bytes {first}-{first + len(data) - 1}/{len(BIG)}"
        curl("--request", "PUT", "--data-binary", "@-", "--header", span, session.strip(), stdin=data)
    assert at.get("a") == BIG


@column.operation
def read(at: Place):
    at.put("a", BIG)
    assert curl(f"{address(at, 'a')}?alt=media") == BIG


@column.operation
def read_range(at: Place):
    at.put("a", BIG)
    assert curl("--range", "1000-1099", f"{address(at, 'a')}?alt=media") == BIG[1000:1100]
    assert curl("--range", "-50", f"{address(at, 'a')}?alt=media") == BIG[-50:]


@column.operation
def list_folder(at: Place):
    for name in ("a", "b/c", "b/d/e"):
        at.put(name)
    query = ("--get", "--data-urlencode", f"prefix={at.name('')}", "--data", "delimiter=/")
    page = json.loads(curl(*query, f"{API}/storage/v1/b/{at.bucket}/o"))
    assert [item["name"] for item in page["items"]] == [at.name("a")]
    assert page["prefixes"] == [at.name("b/")]


@column.operation
def stat(at: Place):
    at.put("a")
    assert json.loads(curl(f"{address(at, 'a')}?fields=name,size")) == {"name": at.name("a"), "size": str(len(SMALL))}


@column.operation
def copy(at: Place):
    at.put("a")
    to = f"{address(at, 'a')}/copyTo/b/{at.bucket}/o/{quote(at.name('b'), safe='')}"
    curl("--request", "POST", "--header", "Content-Length: 0", to)
    assert at.get("a") == at.get("b") == SMALL


@column.operation
def move(at: Place):
    at.put("a")
    to = f"{address(at, 'a')}/moveTo/o/{quote(at.name('b'), safe='')}"
    curl("--request", "POST", "--header", "Content-Length: 0", to)
    assert (at.names(), at.get("b")) == (["b"], SMALL)


@column.operation
def overwrite(at: Place):
    at.put("a", BIG)
    curl(*upload(at, "a"), stdin=SMALL)
    assert curl(f"{address(at, 'a')}?alt=media") == SMALL


@column.operation
def write_if_absent(at: Place):
    curl(*upload(at, "a", "&ifGenerationMatch=0"), stdin=SMALL)
    error = exit_of("error: 412", "curl", *SIGNED, *upload(at, "a", "&ifGenerationMatch=0"), stdin=b"other")
    assert at.get("a") == SMALL
    return error


@column.operation
def delete(at: Place):
    at.put("a")
    at.put("b")
    curl("--request", "DELETE", address(at, "a"))
    assert at.names() == ["b"]


column.absent("delete_many", "one request deletes one object")


@column.operation
def missing(at: Place):
    return exit_of("error: 404", "curl", *SIGNED, f"{address(at, 'a')}?alt=media")


@column.operation
def forbidden(at: Place):
    return exit_of("error: 403", "curl", *SIGNED, *upload(at, "a", bucket=READ_ONLY), stdin=SMALL)


@column.operation
def binary(at: Place):
    curl(*upload(at, "a"), stdin=BINARY)
    assert at.get("a") == BINARY == curl(f"{address(at, 'a')}?alt=media")


@column.operation
def names(at: Place):
    curl(*upload(at, NAME), stdin=SMALL)
    assert at.names() == [NAME]
    assert curl(f"{address(at, NAME)}?alt=media") == SMALL


@column.operation
def no_token(at: Place):
    at.put("a")
    return exit_of("error: 401", "curl", *FAIL, f"{address(at, 'a')}?alt=media")


column.run()
