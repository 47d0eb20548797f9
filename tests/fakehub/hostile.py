"""Generate requests and bytes to send to a server: likely, unlikely and hostile ones."""

from __future__ import annotations

import json
import random
from urllib.parse import quote

from fakehub.storage.json_api.method_table import COMMON, METHODS
from fakehub.storage.json_api.router import ANSWERS

HOST = "storage.googleapis.com"
BUCKETS = ["leap-scratch", "leap-persistent", "leap-persistent-ro"]
NAMES = [
    "plain",
    "a/b/c",
    "%2F",
    "../../etc/passwd",
    "..",
    ".",
    "",
    " ",
    "naïve/Ω",
    "\U0001f30a" * 256,
    "x" * 1024,
    "x" * 1025,
    "a\nb",
    "a\r\nX-Injected: yes",
    "a\x00b",
    "?generation=1",
    "#",
    "\u202e",
    "é",
    "e\u0301",
    "o/x/acl",
    "bulkRestore",
    "copyTo/b/c/o/d",
    "*{[\\",
]
TEXTS = [
    *NAMES,
    "0",
    "1",
    "-1",
    "true",
    "false",
    "full",
    "noAcl",
    "media",
    "json",
    "9" * 30,
    "1e9",
    "NaN",
    "null",
    "items(name",
    "items/name,prefixes",
    "a(b(c(d)))",
    "((((((",
    "**/*",
    "{a,b}{c,d}*",
    "[!a-",
    "*a*a*a*a*a*a*a*a*a*b",
    "private",
    "publicRead",
    "resumable",
    "multipart",
    "/",
    "bytes=0-",
    "bytes=5-1",
    "bytes=-99999999999999999999",
    "bytes 0-9/10",
    "bytes */*",
    "bytes 100-200/300",
    "md5=AAAA,crc32c=",
    "gzip",
    "text/plain; charset=\xff",
    'multipart/related; boundary="b"',
    "multipart/mixed; boundary=b",
    "application/json",
]
HEADERS = [
    "Accept-Encoding",
    "Content-Encoding",
    "Content-Range",
    "Content-Type",
    "If-Match",
    "If-None-Match",
    "Origin",
    "Range",
    "X-GUploader-No-308",
    "X-HTTP-Method-Override",
    "X-Upload-Content-Length",
    "X-Upload-Content-Type",
    "x-goog-encryption-algorithm",
    "x-goog-hash",
    "x-goog-meta-key",
    "x-goog-user-project",
]
XML_HEADERS = [
    "Content-MD5",
    "If-Modified-Since",
    "x-goog-acl",
    "x-goog-content-length-range",
    "x-goog-copy-source",
    "x-goog-copy-source-if-match",
    "x-goog-custom-time",
    "x-goog-if-generation-match",
    "x-goog-metadata-directive",
    "x-goog-resumable",
]
XML_PARAMETERS = [
    "acl",
    "continuation-token",
    "cors",
    "delete",
    "delimiter",
    "encoding-type",
    "generation",
    "list-type",
    "marker",
    "max-keys",
    "partNumber",
    "prefix",
    "start-after",
    "uploadId",
    "upload_id",
    "uploads",
    "versions",
    "X-Goog-Algorithm",
    "X-Goog-Signature",
]
PROPERTIES = [
    "acl",
    "bucket",
    "cacheControl",
    "contentDisposition",
    "contentEncoding",
    "contentType",
    "crc32c",
    "customTime",
    "destination",
    "eventBasedHold",
    "generation",
    "md5Hash",
    "metadata",
    "name",
    "retention",
    "size",
    "sourceObjects",
    "storageClass",
    "temporaryHold",
]


class Requests:
    """A generator of requests; the same seed generates the same requests."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - reproducible on purpose

    def described(self) -> tuple[str, str, dict[str, str], bytes]:
        """Return a request for a method of the API, with names, parameters, headers and a body that may not fit it."""
        choose = self.random.choice
        if self.random.random() < 0.2:
            return self.of_the_xml_api()
        method = METHODS[choose(sorted(ANSWERS if self.random.random() < 0.8 else METHODS))]
        segments = [self.segment(part) for part in method.path.split("/")]
        prefix = "/storage/v1/"
        if method.id == "storage.objects.insert":
            prefix = choose(["/upload/storage/v1/", "/resumable/upload/storage/v1/", prefix])
        elif self.random.random() < 0.1:
            prefix = choose(["/download/storage/v1/", "/batch/storage/v1/", "/upload/storage/v1/", "/", "//"])
        known = [*method.parameters, *COMMON, "uploadType", "name", "upload_id"]
        names = [choose(known) for _ in range(choose([0, 0, 1, 2, 3, 5]))]
        if prefix.endswith("upload/storage/v1/"):
            names = [*names, "uploadType", "name"]
        query = "&".join(f"{name}={quote(self.value(name), safe='')}" for name in names)
        verb = method.verb if self.random.random() < 0.9 else choose(["GET", "PUT", "POST", "DELETE", "PATCH", "HEAD"])
        headers = {choose(HEADERS): self.header() for _ in range(choose([0, 0, 1, 2, 4]))}
        return verb, f"{prefix}{'/'.join(segments)}?{query}", headers, self.body(verb)

    def of_the_xml_api(self) -> tuple[str, str, dict[str, str], bytes]:
        """Return a request of the XML API, for the same buckets and objects."""
        choose = self.random.choice
        verb = choose(["GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS"])
        path = f"/{self.segment('{bucket}')}/{choose(['', self.segment('{object}')])}"
        names = [choose(XML_PARAMETERS) for _ in range(choose([0, 1, 1, 2]))]
        query = "&".join(choose([name, f"{name}={quote(self.value(name), safe='')}"]) for name in names)
        headers = {choose([*HEADERS, *XML_HEADERS]): self.header() for _ in range(choose([0, 0, 1, 2, 4]))}
        bodies = [b"", b"data", b"<Delete><Object><Key>plain</Key></Object></Delete>", b"<CompleteMultipartUpload/>"]
        return verb, f"{path}?{query}", headers, choose([*bodies, b"<a", b"<!DOCTYPE a>", self.body("POST")])

    def segment(self, part: str) -> str:
        """Return a path segment for ``part`` of a method's path."""
        if not part.startswith("{"):
            return part if self.random.random() < 0.98 else self.random.choice(["", "b", "o", "acl"])
        if "ucket" in part:
            return self.random.choice([*BUCKETS, *BUCKETS, "no-such-bucket", quote(self.random.choice(NAMES), safe="")])
        name = self.random.choice(NAMES)
        if self.random.random() < 0.03:
            return self.random.choice(["%ff", "%", "%zz", "%ED%A0%80", "%00"])
        return quote(name, safe=self.random.choice(["", "", "/"]))

    def value(self, name: str) -> str:
        """Return a value for a parameter, often a suitable one."""
        if self.random.random() < 0.5:
            suitable = {"uploadType": ["media", "multipart", "resumable"], "name": NAMES, "alt": ["media", "json"]}
            numbers = ["0", "1", "7", "1000"]
            return self.random.choice(suitable.get(name, numbers if "eneration" in name or "max" in name else TEXTS))
        return self.random.choice(TEXTS)

    def header(self) -> str:
        """Return a header's value without line breaks."""
        text = self.random.choice(TEXTS).replace("\r", "").replace("\n", "").replace("\x00", "")
        return text.encode().decode("latin-1")

    def body(self, verb: str) -> bytes:
        """Return a body: none, a resource, a multipart body, or arbitrary bytes."""
        kind = self.random.random()
        if verb in {"GET", "HEAD", "DELETE"} and kind < 0.9:
            return b""
        if kind < 0.5:
            return json.dumps(self.resource()).encode("utf-8", "surrogatepass")
        if kind < 0.65:
            inner = json.dumps(self.resource()).encode()
            return b"--b\r\nContent-Type: application/json\r\n\r\n" + inner + b"\r\n--b\r\n\r\ndata\r\n--b--"
        if kind < 0.75:
            line = f"{verb} {'/'.join(['/storage/v1/b', self.segment('{bucket}'), 'o', self.segment('{o}')])}"
            return f"--b\r\nContent-ID: <1>\r\n\r\n{line}\r\n\r\n--b--".encode()
        if kind < 0.85:
            return self.random.choice([b"null", b"[]", b"{", b'"', b"[" * 5000, b'{"metadata": 3}', b"\xff\xfe"])
        return self.random.randbytes(self.random.choice([0, 1, 100, 5000]))

    def resource(self, depth: int = 0) -> dict:
        """Return an object's resource, with values of any type."""
        values = [*TEXTS, None, 0, -1, 1.5, True, "\ud800", [], {}, [{"name": "plain"}], {"key": "value"}, {"k": None}]
        properties = {}
        for _ in range(self.random.choice([0, 1, 2, 4])):
            nested = depth < 2 and self.random.random() < 0.2
            name = self.random.choice(PROPERTIES)
            properties[name] = self.resource(depth + 1) if nested else self.random.choice(values)
        return properties

    def raw(self, token: str) -> bytes:
        """Return bytes that might arrive from anywhere: a damaged request, or no request at all."""
        if self.random.random() < 0.2:
            return self.random.randbytes(self.random.randrange(1, 600))
        verb, path, headers, body = self.described()
        headers |= {"Host": HOST, "Authorization": f"Bearer {token}"}
        headers["Content-Length"] = str(len(body))
        lines = [f"{verb} {path} HTTP/1.1", *[f"{name}: {value}" for name, value in headers.items()], "", ""]
        whole = bytearray("\r\n".join(lines).encode("latin-1", "replace") + body)
        for _ in range(self.random.choice([0, 1, 1, 3, 10])):
            at = self.random.randrange(len(whole) or 1)
            match self.random.randrange(5):
                case 0:
                    whole[at : at + 1] = self.random.randbytes(1)
                case 1:
                    del whole[at : at + self.random.randrange(1, 50)]
                case 2:
                    whole[at:at] = self.random.choice([b"\r\n", b"\x00", b"\n", b":", b" ", b"\r\n\r\n", b"%"])
                case 3:
                    whole += whole[at:]
                case 4:
                    whole = whole.replace(b"Content-Length", b"Transfer-Encoding: chunked\r\nX-Length", 1)
        return bytes(whole)
