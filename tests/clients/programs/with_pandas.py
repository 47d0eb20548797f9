"""pandas with ``gs://`` addresses: Parquet uses pyarrow's own client, everything else gcsfs."""

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.dataset
import pyarrow.fs
import pyarrow.parquet
from column import READ_ONLY, Column, Place, error_of

column = Column("pandas + pyarrow", f"{pd.__version__} + {pyarrow.__version__}")
random = np.random.default_rng(7)
frame = pd.DataFrame({"year": np.repeat([2001, 2002, 2003], 40000), "value": random.random(120000)})


@column.operation
def parquet(at: Place):
    frame.to_parquet(at.url("a.parquet"))
    pd.testing.assert_frame_equal(pd.read_parquet(at.url("a.parquet")), frame)


@column.operation
def parquet_columns(at: Place):
    frame.to_parquet(at.url("a.parquet"), row_group_size=10000)
    some = pd.read_parquet(at.url("a.parquet"), columns=["value"], filters=[("year", "==", 2002)])
    assert np.array_equal(some.value, frame.value[frame.year == 2002])


@column.operation
def parquet_partitioned(at: Place):
    frame.to_parquet(at.url("a"), partition_cols=["year"])
    dataset = pyarrow.dataset.dataset(at.url("a"), partitioning="hive")
    assert dataset.count_rows(filter=pyarrow.dataset.field("year") == 2003) == 40000


@column.operation
def parquet_filesystem(at: Place):
    fs = pyarrow.fs.GcsFileSystem()
    pyarrow.parquet.write_table(pyarrow.Table.from_pandas(frame), at.path("a.parquet"), filesystem=fs)
    table = pyarrow.parquet.read_table(at.path("a.parquet"), filesystem=fs, columns=["value"])
    assert np.array_equal(table["value"], frame.value)


@column.operation
def csv(at: Place):
    frame.head(1000).to_csv(at.url("a.csv"), index=False)
    pd.testing.assert_frame_equal(pd.read_csv(at.url("a.csv")), frame.head(1000))


@column.operation
def csv_compressed(at: Place):
    frame.to_csv(at.url("a.csv.gz"), index=False)
    pd.testing.assert_frame_equal(pd.read_csv(at.url("a.csv.gz")), frame)


@column.operation
def missing_table(at: Place):
    return error_of(FileNotFoundError, "", lambda: pd.read_parquet(at.url("none.parquet")))


@column.operation
def forbidden_table(at: Place):
    target = f"gs://{READ_ONLY}/{at.name('a.parquet')}"
    return error_of(OSError, "", lambda: frame.to_parquet(target))


column.run()
