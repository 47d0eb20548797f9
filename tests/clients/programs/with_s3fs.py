"""s3fs with the pod of the Open Storage Network: anonymous for reading, with the pod's key for writing."""

import s3fs
from column import SMALL, Column, Place, error_of
from fsspec_client import fsspec_operations

from fakehub.accounts.personas import ACCESS_KEY, SECRET_KEY
from hubfacts.load import load

ENDPOINT = load().osn.endpoint
everybody = s3fs.S3FileSystem(anon=True, endpoint_url=ENDPOINT)
writer = s3fs.S3FileSystem(key=ACCESS_KEY, secret=SECRET_KEY, endpoint_url=ENDPOINT)
# Reads the current state, without s3fs's cache of listings.
plain = s3fs.S3FileSystem(anon=True, endpoint_url=ENDPOINT, use_listings_cache=False)


class Inbox(Place):
    """A prefix in the bucket that the key may write to."""

    bucket = "leap-pangeo-inbox"
    scheme = "s3"

    def put(self, name: str, data: bytes = SMALL) -> None:
        writer.pipe(self.path(name), data)

    def get(self, name: str) -> bytes | None:
        return plain.cat(self.path(name)) if plain.exists(self.path(name)) else None

    def names(self) -> list[str]:
        plain.invalidate_cache()
        return [path.removeprefix(self.path("")) for path in plain.find(self.path(""))]


column = Column("s3fs", s3fs.__version__, "`endpoint_url`; `anon=True` to read, a key to write", Inbox)
fsspec_operations(column, writer, everybody, block_size=5 * 2**20)


@column.operation
def missing(at: Place):
    return error_of(FileNotFoundError, "", lambda: everybody.cat(at.url("a")))


@column.operation
def forbidden(at: Place):
    error_of(PermissionError, "Access Denied", lambda: everybody.pipe(at.url("a"), SMALL))
    elsewhere = f"s3://leap-pubs/{at.name('a')}"
    return error_of(PermissionError, "Access Denied", lambda: writer.pipe(elsewhere, SMALL))


@column.operation
def wrong_secret(at: Place):
    other = s3fs.S3FileSystem(key=ACCESS_KEY, secret="another", endpoint_url=ENDPOINT)
    return error_of(PermissionError, "signature", lambda: other.pipe(at.url("a"), SMALL))


column.run()
