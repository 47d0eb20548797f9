"""How Google Cloud Storage answers: checksums, ranges, preconditions and refusals."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import quote, urlencode

from hubcheck.buckets import CONTENT, create, delete, object_url
from hubcheck.common import API, UPLOADS, Answer, Hub, Observation, send, unseen

_ANONYMOUS = "Anonymous caller does not have storage.objects.list access to the Google Cloud Storage bucket. "
_ANONYMOUS += "Permission 'storage.objects.list' denied on resource (or it may not exist)."
_PRECONDITION = "At least one of the pre-conditions you specified did not hold."


def storage(hub: Hub) -> Iterator[Observation]:
    """Compare the answers to requests in the scratch bucket."""
    yield from _about_others(hub)
    bucket, path = hub.guide["scratch"], f"{hub.folder}small"
    created = create(hub, bucket, path)
    try:
        url = object_url(bucket, path)
        allowed = created.status == 200
        yield from _each(hub, url, created, _WRITING, "nothing could be written" if not allowed else "")
        allowed = allowed and hub.call("GET", f"{url}?alt=media").status == 200
        yield from _each(hub, url, created, _READING, "nothing could be read" if not allowed else "")
    finally:
        if created.status == 200:
            delete(hub, bucket, path, created)


def _each(hub: Hub, url: str, created: Answer, asked: Iterable[_Asked], why_unseen: str) -> Iterator[Observation]:
    for name, says, see in asked:
        seen = None if why_unseen else see(hub, url, created)
        if seen is None:
            yield unseen(f"storage.{name}", says, why_unseen or "nothing could be listed")
        else:
            yield hub.observed(f"storage.{name}", says, seen)


def _about_others(hub: Hub) -> Iterator[Observation]:
    """Compare refusals that do not depend on the reader's permissions."""
    bucket = hub.guide["scratch"]
    answer = hub.call("GET", f"{API}/b/{bucket}-that-nobody-has-made/o")
    yield hub.observed("storage.missing-bucket", "404 The specified bucket does not exist.", answer.summary)
    answer = send("GET", f"{API}/b/{bucket}/o")
    yield hub.observed("storage.no-account", f"401 {_ANONYMOUS}", answer.summary)


def _long_name(hub: Hub, _url: str, _created: Answer) -> int:
    """Try to write an object with a name of more than 1024 bytes."""
    path = hub.folder + "x" * 1024
    answer = create(hub, hub.guide["scratch"], path)
    if answer.status == 200:
        delete(hub, hub.guide["scratch"], path, answer)
    return answer.status


def _wrong_checksum(hub: Hub, _url: str, _created: Answer) -> int:
    """Try to write an object with the checksum of other data."""
    bucket, path = hub.guide["scratch"], f"{hub.folder}wrong"
    wrong = base64.b64encode(hashlib.md5(b"other data", usedforsecurity=False).digest()).decode()
    about = json.dumps({"name": path, "md5Hash": wrong})
    first = f"--part\r\nContent-Type: application/json\r\n\r\n{about}\r\n".encode()
    second = b"--part\r\nContent-Type: text/plain\r\n\r\n" + CONTENT + b"\r\n--part--\r\n"
    query = urlencode({"uploadType": "multipart", "ifGenerationMatch": "0"})
    kind = "multipart/related; boundary=part"
    answer = hub.call("POST", f"{UPLOADS}/b/{bucket}/o?{query}", first + second, Content_Type=kind)
    if answer.status == 200:
        delete(hub, bucket, path, answer)
    return answer.status


def _resumable(hub: Hub, _url: str, _created: Answer) -> str:
    """Start an upload that can be resumed, and cancel it before any data are sent."""
    query = urlencode({"uploadType": "resumable", "name": f"{hub.folder}resumable", "ifGenerationMatch": "0"})
    begun = hub.call("POST", f"{UPLOADS}/b/{hub.guide['scratch']}/o?{query}", b"")
    address = next((value for name, value in begun.headers.items() if name.lower() == "location"), "")
    if begun.status != 200 or not address.startswith("https://storage.googleapis.com/"):
        return begun.summary
    return f"200 with an address, {hub.call('DELETE', address, b'').status} when cancelled"


def _md5(_hub: Hub, _url: str, created: Answer) -> str:
    own = base64.b64encode(hashlib.md5(CONTENT, usedforsecurity=False).digest()).decode()
    return "that of the data" if created.json().get("md5Hash") == own else "another, or none"


def _crc32c(_hub: Hub, _url: str, created: Answer) -> str:
    return str(created.json().get("crc32c", "none"))


def _range(hub: Hub, url: str, _created: Answer) -> str:
    answer = hub.call("GET", f"{url}?alt=media", Range="bytes=8-12")
    return f"{answer.status} {answer.body.decode('utf-8', 'replace')}"


def _outside(hub: Hub, url: str, _created: Answer) -> int:
    return hub.call("GET", f"{url}?alt=media", Range="bytes=1000-").status


def _missing(hub: Hub, _url: str, _created: Answer) -> str:
    bucket, path = hub.guide["scratch"], f"{hub.folder}missing"
    return hub.call("GET", object_url(bucket, path)).summary.replace(f"{bucket}/{path}", "NAME")


def _missing_xml(hub: Hub, _url: str, _created: Answer) -> str:
    path = quote(f"{hub.guide['scratch']}/{hub.folder}missing")
    return hub.call("GET", f"https://storage.googleapis.com/{path}").summary


def _precondition(hub: Hub, url: str, _created: Answer) -> str:
    return hub.call("GET", f"{url}?ifGenerationMatch=1").summary


def _unchanged(hub: Hub, url: str, created: Answer) -> int:
    return hub.call("GET", f"{url}?ifGenerationNotMatch={created.json().get('generation')}").status


def _folders(hub: Hub, _url: str, _created: Answer) -> str | None:
    """List with a delimiter, which shows folders; return ``None`` if listing is refused."""
    query = urlencode({"prefix": hub.folder.rstrip("/"), "delimiter": "/"})
    answer = hub.call("GET", f"{API}/b/{hub.guide['scratch']}/o?{query}")
    if answer.status != 200:
        return None
    return "the folder" if hub.folder in answer.json().get("prefixes", []) else "no folder"


# What is asked when an object has been written or can be read: a name, what the guide says, and how to see it.
_Asked = tuple[str, str, Callable[[Hub, str, Answer], object]]
_WRITING: tuple[_Asked, ...] = (
    ("md5", "that of the data", _md5),
    ("crc32c", "YMVeCQ==", _crc32c),
    ("long-name", "400", _long_name),
    ("wrong-checksum", "400", _wrong_checksum),
    ("resumable-upload", "200 with an address, 499 when cancelled", _resumable),
)
_READING: tuple[_Asked, ...] = (
    ("missing-object", "404 No such object: NAME", _missing),
    ("missing-object-xml", "404 The specified key does not exist.", _missing_xml),
    ("range", "206 guide", _range),
    ("range-outside", "416", _outside),
    ("precondition", f"412 {_PRECONDITION}", _precondition),
    ("unchanged", "304", _unchanged),
    ("folders", "the folder", _folders),
)
