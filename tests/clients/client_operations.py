"""The rows and columns of the table: the operations and the clients."""

# The operations of every client of objects, in the order of the table.
OPERATIONS = {
    "write": "write a small object",
    "write_parts": "write 9 MiB in parts",
    "read": "read a whole object",
    "read_range": "read a range",
    "list_folder": "list a folder",
    "stat": "get size and type",
    "copy": "copy",
    "move": "move",
    "overwrite": "overwrite",
    "write_if_absent": "write only if absent",
    "delete": "delete one",
    "delete_many": "delete many",
    "missing": "read a missing object",
    "forbidden": "write without permission",
    "binary": "keep binary data unchanged",
    "names": "names with spaces and Unicode",
}

# The clients of objects, by their program in `programs/`.
OBJECT_CLIENTS = (
    "gcsfs",
    "google_cloud_storage",
    "obstore",
    "pyarrow",
    "rclone",
    "gsutil",
    "gcloud",
    "node",
    "curl",
    "fetch",
    "s3fs",
)

# Further operations of a client, or its only ones if it works with arrays and tables instead of objects.
OWN_OPERATIONS = {
    "google_cloud_storage": {
        "upload_many": "transfer manager: upload many files",
        "download_many": "transfer manager: download many objects",
        "upload_chunks": "transfer manager: upload one file in parallel parts",
        "download_chunks": "transfer manager: download one object in parallel parts",
    },
    "node": {
        "upload_chunks": "transfer manager: upload one file in parallel parts",
        "download_chunks": "transfer manager: download one object in parallel parts",
        "signed": "signed address at the bucket's host",
    },
    "rclone": {"sync": "sync a folder and check it"},
    "curl": {"no_token": "read without a token"},
    "fetch": {"other_host": "fetch from a host outside the stand-in"},
    "s3fs": {"wrong_secret": "write with a wrong secret"},
    "xarray": {
        "zarr_v2": "write and read Zarr format 2",
        "zarr_v3": "write and read Zarr format 3",
        "sharded": "write shards and read chunks of them",
        "consolidated": "consolidated metadata",
        "not_consolidated": "unconsolidated metadata",
        "append": "append along a dimension",
        "region": "write regions",
        "overwrite_store": "overwrite a store",
        "lazy": "compute from chunks with Dask",
        "through_obstore": "write and read through obstore",
        "missing_store": "open a missing store",
        "forbidden_store": "write without permission",
    },
    "pandas": {
        "parquet": "write and read Parquet",
        "parquet_columns": "read selected columns and rows of Parquet",
        "parquet_partitioned": "write and query partitioned Parquet",
        "parquet_filesystem": "write and read Parquet with `GcsFileSystem`",
        "csv": "write and read CSV",
        "csv_compressed": "write and read compressed CSV",
        "missing_table": "read a missing file",
        "forbidden_table": "write without permission",
    },
    "icechunk": {
        "commit": "commit, open again and read",
        "versions": "read an older version by its tag",
        "append_version": "append in a new version",
        "conflict": "two writers: the second gets a conflict",
        "expire": "collect garbage",
        "missing_repository": "open a missing repository",
        "forbidden_repository": "create without permission",
    },
}

CLIENTS = (*OBJECT_CLIENTS, *(name for name in OWN_OPERATIONS if name not in OBJECT_CLIENTS))
# The clients that are tested through the proxy too, even where the system allows namespaces.
OVER_PROXY = ("gcsfs", "google_cloud_storage", "node", "rclone")


def operations(client: str) -> list[str]:
    """Return the operations of ``client``."""
    return [*(OPERATIONS if client in OBJECT_CLIENTS else ()), *OWN_OPERATIONS.get(client, ())]
