UNCONVERTED = frozenset(
    {
        "book/help/token-expired.md",
        "book/uploads/convert-many-files.md",
        "book/uploads/from-a-laptop.md",
        "book/uploads/from-hpc.md",
        "book/uploads/how-long.md",
        "notebooks/first-zarr-store.ipynb",
        "notebooks/look-around-a-bucket.ipynb",
        "notebooks/memory-the-lazy-way.ipynb",
        "notebooks/one-store-beats-a-thousand-files.ipynb",
        "notebooks/server-to-dask-cluster.ipynb",
        "notebooks/tables-with-parquet.ipynb",
        "notebooks/uploads-that-survive.ipynb",
    }
)
