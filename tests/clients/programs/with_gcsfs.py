"""gcsfs without any settings."""

import gcsfs
from column import READ_ONLY, SMALL, Column, Place, error_of
from fsspec_client import fsspec_operations

fs = gcsfs.GCSFileSystem()
column = Column("gcsfs", gcsfs.__version__)
fsspec_operations(column, fs, fs, block_size=2**20)


@column.operation
def missing(at: Place):
    return error_of(FileNotFoundError, "missing", lambda: fs.cat(at.url("a")))


@column.operation
def forbidden(at: Place):
    def put():
        fs.pipe(f"gs://{READ_ONLY}/{at.name('a')}", SMALL)

    return error_of(OSError, "Forbidden", put)


column.run()
