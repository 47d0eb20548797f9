"""A client of the XML API for tests: puts, listings in pages, refusals, multipart uploads."""

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
    """Return the root element of an answer."""
    return ElementTree.fromstring(content)  # noqa: S314 - the stand-in wrote it


def error(response):
    """Return code and details of a refusal."""
    assert response.headers["Content-Type"].startswith("application/xml")
    root = parsed(response.content)
    assert root.tag == "Error"
    assert root.findtext("Message")
    return root.findtext("Code"), root.findtext("Details")


def listing(server, query, bucket=BUCKET):
    """Return names, common prefixes and the root element of one page."""
    response = server.call("GET", f"{bucket}?{query}")
    assert response.status_code == 200, response.text
    root = parsed(response.content)
    names = [node.findtext(f"{LISTING}Key") for node in root.findall(f"{LISTING}Contents")]
    prefixes = [node.findtext(f"{LISTING}Prefix") for node in root.findall(f"{LISTING}CommonPrefixes")]
    return names, prefixes, root


def raw(server, method, path, body=None):
    """Send one request with its path unchanged; return status and body."""
    context = ssl.create_default_context(cafile=server.folder / "ca.pem")
    # The certificate is for Google's host names, which do not resolve to this server outside the stand-in.
    context.check_hostname = False
    connection = http.client.HTTPSConnection("127.0.0.1", server.ports["tls"], timeout=20, context=context)
    headers = {"Host": "storage.googleapis.com", "Authorization": f"Bearer {server.token()}"}
    connection.request(method, path, body, headers)
    response = connection.getresponse()
    answer = response.status, response.read()
    connection.close()
    return answer


def pages(server, query, token, parameter):
    """Return all names and prefixes of a listing, and the number of its pages."""
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
        """Join the parts, given as pairs of number and entity tag."""
        rows = "".join(f"<Part><PartNumber>{n}</PartNumber><ETag>{tag}</ETag></Part>" for n, tag in parts)
        body = f"<CompleteMultipartUpload>{rows}</CompleteMultipartUpload>"
        return self.server.call("POST", f"{self.path}?uploadId={self.id}", data=body)
