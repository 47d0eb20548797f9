"""Convert many NetCDF files to one Zarr store.

    python convert.py output/*.nc gs://BUCKET/PREFIX/NAME.zarr

Files follow one another in time, in the order of their names. Everything is
checked before anything is written. Then each worker reads one chunk of one
variable at a time, and one of them writes: memory holds a chunk for each
worker, however large the data are.
"""

import argparse
import os
import re
import sys
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed

import dask
import dask.array as da
import dask.distributed
import fsspec
import numpy as np
import xarray as xr
from tqdm import tqdm

CHUNK_MB = 100
WRITING = threading.Lock()
# Files in a bucket are read in pieces of so many bytes: each open one keeps
# the last piece.
PIECE = {"backend_kwargs": {"storage_options": {"block_size": 2**18}}}


def remote(path):
    """Options to open a file that lies in a bucket."""
    return PIECE if "://" in path else {}


def traits(path):
    """What all files must have in common."""
    options = {"engine": "h5netcdf", "decode_times": False}
    with xr.open_dataset(path, **options, **remote(path)) as ds:
        found = {name: (v.dims, v.dtype.str, v.attrs.get("units")) for name, v in ds.data_vars.items()}
        found["calendar"] = ds.time.attrs.get("calendar")
    return found


def check(files):
    """Raise ValueError for the first file that does not fit the first."""
    wanted = traits(files[0])
    for name, what in wanted.items():
        if name != "calendar" and np.dtype(what[1]).kind not in "biufc":
            raise ValueError(f"{files[0]}: {name} does not hold numbers")
    for path in files[1:]:
        found = traits(path)
        for name in sorted(wanted.keys() | found.keys()):
            if found.get(name) != wanted.get(name):
                raise ValueError(f"{path}: {name} is {found.get(name)}, but {wanted.get(name)} in {files[0]}")


def check_target(store, user):
    """Raise ValueError unless store is a new one, at a place of one's own."""
    if not re.match(r"gs://[^/]+/[^/]+/.|\./.", store):
        raise ValueError(f"{store} is neither gs://BUCKET/PREFIX/NAME.zarr nor ./NAME.zarr")
    bucket, prefix = store.removeprefix("gs://").split("/")[:2]
    if bucket != "." and user and prefix != user:
        raise ValueError(f"{store} is below the prefix of {prefix}, not yours: write below gs://{bucket}/{user}/")
    fs, path = fsspec.url_to_fs(store)
    try:
        there = fs.find(path)
    except FileNotFoundError:
        raise ValueError(f"there is no bucket gs://{bucket}") from None
    if there:
        raise ValueError(f"{store} exists: take another name, or delete it")


def open_files(files):
    """All files as one Dataset, one after the other, without values."""
    return xr.open_mfdataset(
        files,
        engine="h5netcdf",
        combine="nested",  # in the order given
        concat_dim="time",
        data_vars="minimal",  # join what has a time, nothing else
        coords="minimal",
        compat="override",  # take the rest from the first file
        join="exact",  # and stop where a grid differs
        combine_attrs="drop_conflicts",
        chunks={},
        **remote(files[0]),
    )


def clean(ds):
    """Drop what belonged to the files, such as their small chunks."""
    calendar = {key: ds.time.encoding[key] for key in ("units", "calendar") if key in ds.time.encoding}
    ds = ds.drop_encoding()
    ds.time.encoding = calendar
    return ds


def chunk_length(ds, chunk_mb=CHUNK_MB):
    """Steps of time that take so many MB in the largest variable."""
    step = max(v.nbytes / v.sizes["time"] for v in ds.data_vars.values() if "time" in v.dims)
    return max(1, min(ds.sizes["time"], int(chunk_mb * 1e6 / step)))


def begin(ds, store, length):
    """Write the frame; then, one by one, the parts that are to be written."""
    frame = ds.chunk(time=length)
    frame.to_zarr(store, mode="w-", consolidated=False, compute=False)
    for name in ds.data_vars:
        if "time" in ds[name].dims:
            for start in range(0, ds.sizes["time"], length):
                part = ds[name].isel(time=slice(start, start + length))
                # Without what it does not need of the other files.
                yield dask.optimize(part.variable)[0], name, start


def write_part(part, name, start, store):
    """Write one chunk of one variable."""
    values = np.empty(part.shape, part.dtype)
    da.store(part.data, values, lock=False, scheduler="sync")
    one = xr.Dataset({name: (part.dims, values)})
    region = {"time": slice(start, start + part.sizes["time"])}
    with WRITING:
        one.to_zarr(store, region=region, consolidated=False)


def write(ds, store, length, workers=4, client=None):
    """Write all of ds, with a bar: here, or on the cluster of client."""
    parts = begin(ds, store, length)
    if client:
        client.upload_file(__file__)
        jobs = [client.submit(write_part, *p, store, pure=False) for p in parts]
        watch(dask.distributed.as_completed(jobs), len(jobs))
        return
    with ThreadPoolExecutor(workers) as pool:
        jobs = [pool.submit(write_part, *p, store) for p in parts]
        watch(as_completed(jobs), len(jobs))


def watch(done, total):
    """Show how far it is; raise what went wrong."""
    for job in tqdm(done, total=total, unit="chunk"):
        job.result()


def main():
    """The command."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", nargs="+")
    parser.add_argument("store")
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--chunk-mb", type=float, default=CHUNK_MB)
    parser.add_argument(
        "--user",
        default=os.environ.get("JUPYTERHUB_USER"),
        help="your GitHub username (the hub knows it)",
    )
    options = parser.parse_args()
    files = sorted(options.files)
    check_target(options.store, options.user)
    check(files)
    ds = clean(open_files(files))
    length = chunk_length(ds, options.chunk_mb)
    write(ds, options.store, length, options.workers)
    print(f"{len(files)} files, {ds.nbytes / 1e6:.1f} MB: {options.store}")


if __name__ == "__main__":
    try:
        main()
    except (ValueError, OSError) as error:
        sys.exit(f"convert.py: {' '.join(str(error).split())}")
