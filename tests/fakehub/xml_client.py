"""The XML API as a test asks it: puts, listings in pages, refusals, multipart uploads."""

import http.client
import ssl
from urllib.parse import quote
from xml.etree import ElementTree

BUCKET = "/leap-scratch"
LISTING = "{http://doc.s3.amazonaws.com/2006-03-01}"
S3 = "{http://s3.amazonaws.com/doc/2006-03-01/}"


def put(server, path, data=b"data", **options):
    return server.call("PUT", path, data=data, **options)


def parsed(content):
    """The root of an answer."""
    return ElementTree.fromstring(content)  # noqa: S314 - the stand-in wrote it


def error(response):
    """Code and details of a refusal."""
    assert response.headers["Content-Type"].startswith("application/xml")
    root = parsed(response.content)
    assert root.tag == "Error"
    assert root.findtext("Message")
    return root.findtext("Code"), root.findtext("Details")


def listing(server, query, bucket=BUCKET):
    """Names, common prefixes and the root of one page."""
    response = server.call("GET", f"{bucket}?{query}")
    assert response.status_code == 200, response.text
    root = parsed(response.content)
    names = [node.findtext(f"{LISTING}Key") for node in root.findall(f"{LISTING}Contents")]
    prefixes = [node.findtext(f"{LISTING}Prefix") for node in root.findall(f"{LISTING}CommonPrefixes")]
    return names, prefixes, root


def raw(server, method, path, body=None):
    """One request whose path goes out as it is; status and body."""
    context = ssl.create_default_context(cafile=server.folder / "ca.pem")
    # The certificate is for Google's names, which do not lead here outside the stand-in.
    context.check_hostname = False
    connection = http.client.HTTPSConnection("127.0.0.1", server.ports["tls"], timeout=20, context=context)
    headers = {"Host": "storage.googleapis.com", "Authorization": f"Bearer {server.token()}"}
    connection.request(method, path, body, headers)
    response = connection.getresponse()
    answer = response.status, response.read()
    connection.close()
    return answer


def pages(server, query, token, parameter):
    """All names and prefixes of a listing, and the number of its pages."""
    names, prefixes, count, more = [], [], 0, ""
    while True:
        page, common, root = listing(server, query + more)
        names, prefixes, count = names + page, prefixes + common, count + 1
        if root.findtext(f"{LISTING}IsTruncated") == "false":
            return names, prefixes, count
        more = f"&{parameter}={quote(root.findtext(LISTING + token), safe='')}"


class Upload:
    """A multipart upload of an object."""

    def __init__(self, server, path, **options):
        self.server, self.path = server, path
        started = server.call("POST", f"{path}?uploads", **options)
        self.id = parsed(started.content).findtext(f"{S3}UploadId")

    def part(self, number, data, **options):
        query = f"partNumber={number}&uploadId={self.id}"
        return self.server.call("PUT", f"{self.path}?{query}", data=data, **options)

    def complete(self, *parts):
        """Join the parts, given as numbers and entity tags."""
        rows = "".join(f"<Part><PartNumber>{n}</PartNumber><ETag>{tag}</ETag></Part>" for n, tag in parts)
        body = f"<CompleteMultipartUpload>{rows}</CompleteMultipartUpload>"
        return self.server.call("POST", f"{self.path}?uploadId={self.id}", data=body)
