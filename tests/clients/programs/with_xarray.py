"""xarray and zarr with plain ``gs://`` addresses."""

import numpy as np
import xarray as xr
import zarr
from column import READ_ONLY, SCRATCH, Column, Place, error_of
from obstore.store import GCSStore
from zarr.storage import ObjectStore

column = Column("xarray + zarr", f"{xr.__version__} + {zarr.__version__}")
times = np.arange("2000-01-01", "2000-01-13", dtype="datetime64[D]").astype("datetime64[ns]")
random = np.random.default_rng(7)
data = xr.Dataset(
    {"sst": (("time", "lat", "lon"), random.random((12, 40, 60)), {"units": "K"})},
    coords={"time": times, "lat": np.linspace(-90, 90, 40), "lon": np.linspace(0, 354, 60)},
)
CHUNKS = {"sst": {"chunks": (4, 20, 30)}}


def kind(at: Place) -> str:
    """Return the name of the object that describes the group, which depends on the format."""
    names = at.names()
    return next(name for name in ("a.zarr/.zgroup", "a.zarr/zarr.json") if name in names)


@column.operation
def zarr_v2(at: Place):
    data.to_zarr(at.url("a.zarr"), zarr_format=2, encoding=CHUNKS)
    assert kind(at) == "a.zarr/.zgroup"
    assert len([name for name in at.names() if name.startswith("a.zarr/sst/") and name[-1].isdigit()]) == 12
    xr.testing.assert_identical(xr.open_zarr(at.url("a.zarr")).load(), data)


@column.operation
def zarr_v3(at: Place):
    data.to_zarr(at.url("a.zarr"), zarr_format=3, encoding=CHUNKS)
    assert kind(at) == "a.zarr/zarr.json"
    xr.testing.assert_identical(xr.open_zarr(at.url("a.zarr")).load(), data)


@column.operation
def sharded(at: Place):
    encoding = {"sst": {"chunks": (1, 10, 10), "shards": (6, 20, 30)}}
    data.to_zarr(at.url("a.zarr"), zarr_format=3, encoding=encoding)
    assert len([name for name in at.names() if name.startswith("a.zarr/sst/c/")]) == 8
    opened = xr.open_zarr(at.url("a.zarr"))
    # Reads ranges of a shard: its index at the end, then the chunk.
    xr.testing.assert_identical(opened.sst[5, 12:15, 31:33].load(), data.sst[5, 12:15, 31:33])
    xr.testing.assert_identical(opened.load(), data)


@column.operation
def consolidated(at: Place):
    data.to_zarr(at.url("a.zarr"), zarr_format=2, consolidated=True)
    assert "a.zarr/.zmetadata" in at.names()
    xr.testing.assert_identical(xr.open_zarr(at.url("a.zarr"), consolidated=True).load(), data)


@column.operation
def not_consolidated(at: Place):
    data.to_zarr(at.url("a.zarr"), zarr_format=2, consolidated=False)
    assert "a.zarr/.zmetadata" not in at.names()
    xr.testing.assert_identical(xr.open_zarr(at.url("a.zarr"), consolidated=False).load(), data)


@column.operation
def append(at: Place):
    data.isel(time=slice(0, 8)).to_zarr(at.url("a.zarr"), encoding=CHUNKS)
    data.isel(time=slice(8, 12)).to_zarr(at.url("a.zarr"), append_dim="time")
    assert np.array_equal(xr.open_zarr(at.url("a.zarr")).sst.values, data.sst.values)


@column.operation
def region(at: Place):
    data.chunk(time=4, lat=20, lon=30).to_zarr(at.url("a.zarr"), compute=False)
    for start in (8, 0, 4):
        part = data.isel(time=slice(start, start + 4))
        part.drop_vars(["lat", "lon"]).to_zarr(at.url("a.zarr"), region={"time": slice(start, start + 4)})
    assert np.array_equal(xr.open_zarr(at.url("a.zarr")).sst.values, data.sst.values)


@column.operation
def overwrite_store(at: Place):
    (data * 0).to_zarr(at.url("a.zarr"))
    data.to_zarr(at.url("a.zarr"), mode="w")
    assert np.array_equal(xr.open_zarr(at.url("a.zarr")).sst.values, data.sst.values)


@column.operation
def lazy(at: Place):
    data.to_zarr(at.url("a.zarr"), encoding=CHUNKS)
    mean = xr.open_zarr(at.url("a.zarr"), chunks={}).sst.mean(("lat", "lon")).compute()
    np.testing.assert_allclose(mean, data.sst.mean(("lat", "lon")))


@column.operation
def through_obstore(at: Place):
    store = ObjectStore(GCSStore(SCRATCH, prefix=at.name("a.zarr")))
    data.to_zarr(store, zarr_format=3, consolidated=False)
    xr.testing.assert_identical(xr.open_zarr(store, consolidated=False).load(), data)


@column.operation
def missing_store(at: Place):
    return error_of(FileNotFoundError, "", lambda: xr.open_zarr(at.url("none.zarr")))


@column.operation
def forbidden_store(at: Place):
    return error_of(OSError, "Forbidden", lambda: data.to_zarr(f"gs://{READ_ONLY}/{at.name('a.zarr')}"))


column.run()
