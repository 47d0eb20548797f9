"""The rows and columns of the table: what clients are, and what each is asked to do."""

# What every client of objects is asked to do, in the order of the table.
OPERATIONS = {
    "write": "write a small object",
    "write_parts": "write 9 MiB in parts",
    "read": "read a whole object",
    "read_range": "read a range",
    "list_folder": "list a folder",
    "stat": "ask for size and type",
    "copy": "copy",
    "move": "move",
    "overwrite": "overwrite",
    "write_if_absent": "write only where nothing is",
    "delete": "delete one",
    "delete_many": "delete many",
    "missing": "read what is not there",
    "forbidden": "write where one may not",
    "binary": "keep binary data as it is",
    "names": "names with spaces and Unicode",
}

# Programs of `programs/` whose client does the above.
OBJECT_CLIENTS = (
    "gcsfs",
    "google_cloud_storage",
    "obstore",
    "pyarrow",
    "rclone",
    "gsutil",
    "gcloud",
    "curl",
    "fetch",
    "s3fs",
)

# What a client does besides, or instead where it knows no objects but arrays and tables.
OWN_OPERATIONS = {
    "google_cloud_storage": {
        "upload_many": "transfer manager: upload many files",
        "download_many": "transfer manager: download many objects",
        "upload_chunks": "transfer manager: upload one file in parts at once",
        "download_chunks": "transfer manager: download one object in parts at once",
    },
    "rclone": {"sync": "sync a folder, and check it"},
    "curl": {"no_token": "read without a token"},
    "fetch": {"other_host": "fetch from a host that is not the stand-in's"},
    "s3fs": {"wrong_secret": "write with a wrong secret"},
    "xarray": {
        "zarr_v2": "write and read Zarr format 2",
        "zarr_v3": "write and read Zarr format 3",
        "sharded": "write shards, read chunks of them",
        "consolidated": "consolidated metadata",
        "not_consolidated": "metadata that is not consolidated",
        "append": "append along a dimension",
        "region": "write regions",
        "overwrite_store": "overwrite a store",
        "lazy": "compute from chunks with Dask",
        "through_obstore": "write and read through obstore",
        "missing_store": "open what is not there",
        "forbidden_store": "write where one may not",
    },
    "pandas": {
        "parquet": "write and read Parquet",
        "parquet_columns": "read some columns and rows of Parquet",
        "parquet_partitioned": "write and query partitioned Parquet",
        "parquet_filesystem": "write and read Parquet with `GcsFileSystem`",
        "csv": "write and read CSV",
        "csv_compressed": "write and read compressed CSV",
        "missing_table": "read what is not there",
        "forbidden_table": "write where one may not",
    },
    "icechunk": {
        "commit": "commit, open again and read",
        "versions": "read an older version by its tag",
        "append_version": "append in a new version",
        "conflict": "two writers: the second is told",
        "expire": "collect garbage",
        "missing_repository": "open what is not there",
        "forbidden_repository": "create where one may not",
    },
}

CLIENTS = (*OBJECT_CLIENTS, *(name for name in OWN_OPERATIONS if name not in OBJECT_CLIENTS))
# Those that are tried over the proxy as well, whatever way the system allows.
OVER_PROXY = ("gcsfs", "google_cloud_storage", "rclone")


def operations(client: str) -> list[str]:
    """What ``client`` is asked to do."""
    return [*(OPERATIONS if client in OBJECT_CLIENTS else ()), *OWN_OPERATIONS.get(client, ())]
