"""Convert many NetCDF files to one Zarr store.

    python convert.py gs://BUCKET/PREFIX/NAME.zarr output/*.nc

Workers read at the same time, each one chunk of one variable; one of them
writes. So memory holds a chunk a worker, however large the data are.
"""

import argparse
import sys
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed

import dask.array as da
import numpy as np
import xarray as xr
from tqdm import tqdm

CHUNK_MB = 100
WRITING = threading.Lock()


def traits(path):
    """What all files must have in common."""
    with xr.open_dataset(path, engine="h5netcdf", decode_times=False) as ds:
        found = {
            name: (v.dims, v.dtype.str, v.attrs.get("units"))
            for name, v in ds.data_vars.items()
        }
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
                raise ValueError(
                    f"{path}: {name} is {found.get(name)}, but "
                    f"{wanted.get(name)} in {files[0]}"
                )


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
    )


def clean(ds):
    """Drop what belonged to the files, such as their small chunks."""
    calendar = {
        key: ds.time.encoding[key]
        for key in ("units", "calendar")
        if key in ds.time.encoding
    }
    ds = ds.drop_encoding()
    ds.time.encoding = calendar
    return ds


def chunk_length(ds, chunk_mb=CHUNK_MB):
    """Steps of time that take so many MB in the largest variable."""
    step = max(
        v.nbytes / v.sizes["time"]
        for v in ds.data_vars.values()
        if "time" in v.dims
    )
    return max(1, min(ds.sizes["time"], int(chunk_mb * 1e6 / step)))


def write_part(ds, store, name, start, length):
    """Write one chunk of one variable."""
    part = ds[name].isel(time=slice(start, start + length))
    values = np.empty(part.shape, part.dtype)
    da.store(part.data, values, lock=False, scheduler="sync")
    one = xr.Dataset({name: (part.dims, values)})
    region = {"time": slice(start, start + part.sizes["time"])}
    with WRITING:
        one.to_zarr(store, region=region, consolidated=False)


def begin(ds, store, length):
    """Write the frame; the arguments of write_part for all the rest."""
    frame = ds.chunk(time=length)
    frame.to_zarr(store, mode="w-", consolidated=False, compute=False)
    return [
        (ds, store, name, start, length)
        for name in ds.data_vars
        if "time" in ds[name].dims
        for start in range(0, ds.sizes["time"], length)
    ]


def write(ds, store, length, workers=4):
    """Write all of ds, with a bar; refuses a store that is there."""
    with ThreadPoolExecutor(workers) as pool:
        jobs = [
            pool.submit(write_part, *part)
            for part in begin(ds, store, length)
        ]
        for job in tqdm(as_completed(jobs), total=len(jobs), unit="chunk"):
            job.result()


def main():
    """The command."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("store")
    parser.add_argument("files", nargs="+")
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--chunk-mb", type=float, default=CHUNK_MB)
    options = parser.parse_args()
    if "://" not in options.store and not options.store.startswith("./"):
        raise ValueError(
            f"{options.store} is neither gs://... nor a local ./..."
        )
    files = sorted(options.files)
    check(files)
    ds = clean(open_files(files))
    length = chunk_length(ds, options.chunk_mb)
    write(ds, options.store, length, options.workers)
    print(f"{len(files)} files, {ds.nbytes / 1e6:.1f} MB: {options.store}")


if __name__ == "__main__":
    try:
        main()
    except (ValueError, OSError) as error:
        sys.exit(f"convert.py: {error}")
