UNCONVERTED = frozenset(
    {
        "book/help/token-expired.md",
        "book/uploads/convert-many-files.md",
        "book/uploads/from-a-laptop.md",
        "book/uploads/from-hpc.md",
        "book/uploads/how-long.md",
        "notebooks/server-to-dask-cluster.ipynb",
        "notebooks/uploads-that-survive.ipynb",
    }
)
