"""``fetch`` in a page in Chromium: what a browser allows a page of another origin to do."""

import base64
import hashlib
import http.client
import http.server
import json
import os
import shutil
import threading
from urllib.parse import quote, urlsplit

from column import API, BIG, BINARY, NAME, READ_ONLY, SMALL, Column, Place, error_of, token
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_der_x509_certificate
from playwright.sync_api import Error, sync_playwright

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FLAGS += ["--disable-component-update", "--disable-sync"]
FETCH = """async ([method, url, headers, data]) => {
    const init = {method, headers};
    if (data !== null) init.body = await (await fetch("data:;base64," + data)).arrayBuffer();
    const answer = await fetch(url, init);
    const reader = new FileReader();
    const read = new Promise(done => reader.onload = done);
    reader.readAsDataURL(await answer.blob());
    await read;
    const seen = Object.fromEntries(answer.headers);
    return {status: answer.status, headers: seen, data: reader.result.split(",")[1] || ""};
}"""


class Refused(Exception):
    """An answer without success; the message is its status."""


class Quiet(http.server.BaseHTTPRequestHandler):
    """Serves an empty page, so that the page has an origin."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()

    def log_message(self, *_):
        pass


def key_of(host: str) -> str:
    """Return the hash of a host's public key, for the option that makes Chromium accept its certificate."""
    proxy = urlsplit(os.environ.get("HTTPS_PROXY", ""))
    connection = http.client.HTTPSConnection(proxy.hostname or host, proxy.port)
    if proxy.hostname:
        connection.set_tunnel(host)
    connection.connect()
    certificate = load_der_x509_certificate(connection.sock.getpeercert(binary_form=True))
    connection.close()
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(key).digest()).decode()


def fetch(method: str, url: str, data: bytes | None = None, **headers: str) -> tuple[bytes, dict[str, str]]:
    """Return the body and the headers that the page sees.

    Raises ``Refused``, and playwright's ``Error`` for a failed fetch.
    """
    signed = {"Authorization": f"Bearer {token()}"} | {name.replace("_", "-"): text for name, text in headers.items()}
    body = None if data is None else base64.b64encode(data).decode()
    answer = page.evaluate(FETCH, [method, url, signed, body])
    if answer["status"] >= 300:
        raise Refused(answer["status"])
    return base64.b64decode(answer["data"]), answer["headers"]


def address(at: Place, name: str) -> str:
    return f"{API}/storage/v1/b/{at.bucket}/o/{quote(at.name(name), safe='')}"


def upload(at: Place, name: str, data: bytes, query: str = "", bucket: str = "leap-scratch") -> dict:
    url = f"{API}/upload/storage/v1/b/{bucket}/o?uploadType=media&name={quote(at.name(name), safe='')}{query}"
    return json.loads(fetch("POST", url, data)[0])


def content(at: Place, name: str, **headers: str) -> bytes:
    return fetch("GET", f"{address(at, name)}?alt=media", **headers)[0]


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
threading.Thread(target=server.serve_forever, daemon=True).start()
chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
proxy = {"server": os.environ["HTTPS_PROXY"], "bypass": "127.0.0.1"} if "HTTPS_PROXY" in os.environ else None
FLAGS.append(f"--ignore-certificate-errors-spki-list={key_of('storage.googleapis.com')}")
playwright = sync_playwright().start()
browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS, proxy=proxy)
page = browser.new_page()
page.goto(f"http://127.0.0.1:{server.server_port}/")
column = Column("fetch in Chromium", browser.version, "a token in `Authorization`")


@column.operation
def write(at: Place):
    assert upload(at, "a", SMALL)["size"] == str(len(SMALL))
    assert at.get("a") == SMALL


@column.operation
def write_parts(at: Place):
    start = f"{API}/upload/storage/v1/b/{at.bucket}/o?uploadType=resumable&name={quote(at.name('a'), safe='')}"
    session = fetch("POST", start, b"")[1]["location"]
    half = 5 * 2**20
    # The answer to the first part is 308, which is not a success.
    error_of(Refused, "308", lambda: fetch("PUT", session, BIG[:half], Content_Range=f"bytes 0-{half - 1}/{len(BIG)}"))
    fetch("PUT", session, BIG[half:], Content_Range=f"bytes {half}-{len(BIG) - 1}/{len(BIG)}")
    assert at.get("a") == BIG


@column.operation
def read(at: Place):
    at.put("a", BIG)
    assert content(at, "a") == BIG


@column.operation
def read_range(at: Place):
    at.put("a", BIG)
    assert content(at, "a", Range="bytes=1000-1099") == BIG[1000:1100]
    assert content(at, "a", Range="bytes=-50") == BIG[-50:]


@column.operation
def list_folder(at: Place):
    for name in ("a", "b/c", "b/d/e"):
        at.put(name)
    query = f"prefix={quote(at.name(''), safe='')}&delimiter=/"
    listing = json.loads(fetch("GET", f"{API}/storage/v1/b/{at.bucket}/o?{query}")[0])
    assert [item["name"] for item in listing["items"]] == [at.name("a")]
    assert listing["prefixes"] == [at.name("b/")]


@column.operation
def stat(at: Place):
    at.put("a")
    assert json.loads(fetch("GET", address(at, "a"))[0])["size"] == str(len(SMALL))


@column.operation
def copy(at: Place):
    at.put("a")
    fetch("POST", f"{address(at, 'a')}/copyTo/b/{at.bucket}/o/{quote(at.name('b'), safe='')}")
    assert at.get("a") == at.get("b") == SMALL


@column.operation
def move(at: Place):
    at.put("a")
    fetch("POST", f"{address(at, 'a')}/moveTo/o/{quote(at.name('b'), safe='')}")
    assert (at.names(), at.get("b")) == (["b"], SMALL)


@column.operation
def overwrite(at: Place):
    at.put("a", BIG)
    upload(at, "a", SMALL)
    assert content(at, "a") == SMALL


@column.operation
def write_if_absent(at: Place):
    upload(at, "a", SMALL, "&ifGenerationMatch=0")
    error = error_of(Refused, "412", lambda: upload(at, "a", b"other", "&ifGenerationMatch=0"))
    assert error and at.get("a") == SMALL
    return "`status 412`"


@column.operation
def delete(at: Place):
    at.put("a")
    at.put("b")
    fetch("DELETE", address(at, "a"))
    assert at.names() == ["b"]


column.absent("delete_many", "one request deletes one object")


@column.operation
def missing(at: Place):
    error_of(Refused, "404", lambda: content(at, "a"))
    return "`status 404`"


@column.operation
def forbidden(at: Place):
    error_of(Refused, "403", lambda: upload(at, "a", SMALL, bucket=READ_ONLY))
    return "`status 403`"


@column.operation
def binary(at: Place):
    upload(at, "a", BINARY)
    assert at.get("a") == BINARY == content(at, "a")


@column.operation
def names(at: Place):
    upload(at, NAME, SMALL)
    assert at.names() == [NAME]
    assert content(at, NAME) == SMALL


@column.operation
def other_host(at: Place):
    return error_of(Error, "Failed to fetch", lambda: fetch("GET", "https://example.org/")) and "`Failed to fetch`"


column.run()
browser.close()
playwright.stop()
server.shutdown()
