"""xarray, zarr and gcsfs in the browser's process do what they do in the stand-in, and say the same."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap

import pytest

from tests.fakehub.browser import in_browser

# What a program did, as JSON; nothing in it differs between two runs.
PROGRAM = """
import gcsfs, numpy as np, os, requests, xarray as xr, zarr

found, scratch = {}, os.environ["SCRATCH_BUCKET"]
fs = gcsfs.GCSFileSystem()

def error_of(call, *arguments, **options):
    try:
        call(*arguments, **options)
    except Exception as error:
        return f"{type(error).__name__}: {error}"

ds = xr.Dataset(
    {"sst": (("time", "lat"), np.arange(12, dtype="f4").reshape(4, 3), {"units": "degC"})},
    {
        "time": np.arange("2026-01-01", "2026-01-05", dtype="M8[D]").astype("M8[ns]"),
        "place": ("lat", ["a", "Südpol", ""]),
    },
)
for version in (2, 3):
    store = f"{scratch}/version-{version}.zarr"
    ds.to_zarr(store, zarr_format=version, mode="w", consolidated=True, encoding={"sst": {"chunks": (2, 3)}})
    again = xr.open_zarr(store, chunks=None)
    found[f"objects {version}"] = sorted(name.partition(".zarr/")[2] for name in fs.find(store))
    found[f"values {version}"] = [again.sst.values.tolist(), again.place.values.tolist(), str(again.time.values[-1])]
    found[f"attributes {version}"] = again.sst.attrs
lazy = xr.open_dataset(f"{scratch}/version-3.zarr", engine="zarr", chunks={})
found["mean"] = float(lazy.sst.mean().compute())
ds.isel(time=[0]).to_zarr(f"{scratch}/version-3.zarr", append_dim="time")
found["appended"] = xr.open_zarr(f"{scratch}/version-3.zarr").sizes["time"]
array = zarr.create_array(f"{scratch}/array.zarr", shape=(1000,), chunks=(100,), dtype="i8")
array[:] = np.arange(1000)
found["array"] = int(zarr.open_array(f"{scratch}/array.zarr")[250:750].sum())

fs.pipe(f"{scratch}/notes.txt", b"ocean")
fs.pipe({f"{scratch}/many/{number}": bytes([number]) for number in range(20)})
with fs.open(f"{scratch}/lines.csv", "w") as file:
    file.write("a,b\\n1,2\\n")
found["cat"] = fs.cat(f"{scratch}/notes.txt").decode()
found["part"] = fs.cat_file(f"{scratch}/notes.txt", 1, 3).decode()
found["sizes"] = fs.du(f"{scratch}/many")
found["list"] = [name.rpartition("/")[2] for name in fs.ls(scratch)]
with fs.open(f"{scratch}/lines.csv") as file:
    found["lines"] = file.read().decode().splitlines()
fs.mv(f"{scratch}/lines.csv", f"{scratch}/moved.csv")
fs.rm(f"{scratch}/many", recursive=True)
fs.invalidate_cache()
found["after"] = [name.rpartition("/")[2] for name in fs.ls(scratch)]
found["exists"] = [fs.exists(f"{scratch}/{name}") for name in ("moved.csv", "lines.csv", "many")]

anonymous = gcsfs.GCSFileSystem(token="anon")
found["public data"] = [name for name, _, _ in anonymous.walk("gs://cmip6", maxdepth=3)]
answer = requests.get("https://cmip6-pds.s3.amazonaws.com/", params={"list-type": 2, "max-keys": 3})
found["on Amazon"] = [answer.status_code, answer.text]

archive = "river-discharge-archive/stations.csv"
found["requester pays"] = error_of(fs.cat, archive)
found["paid"] = gcsfs.GCSFileSystem(requester_pays=True).cat(archive).decode()
found["403"] = error_of(fs.pipe, "gs://leap-persistent-ro/x", b"x")
found["404 object"] = error_of(fs.cat, f"{scratch}/missing")
found["404 store"] = error_of(xr.open_zarr, f"{scratch}/missing.zarr")
found["404 bucket"] = error_of(fs.ls, "gs://no-such-bucket")
found["no array"] = error_of(zarr.open_array, f"{scratch}/missing.zarr", mode="r")
found["public"] = error_of(anonymous.ls, scratch)
"""


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """What the program found in a process like the browser's."""
    return in_browser.run(PROGRAM + "\nresults |= found\n", tmp_path_factory.mktemp("browser"), in_browser.HUB)


@pytest.fixture(scope="module")
def there(root):
    """What the same program found in the stand-in."""
    program = textwrap.dedent(PROGRAM) + "\nimport json\nprint(json.dumps(found))\n"
    command = [sys.executable, "-m", "fakehub", "run", sys.executable, "-c", program]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_program_finds_what_it_finds_in_the_stand_in(here, there):
    assert here == there


def test_the_program_found_something(here):
    assert here["values 3"][0][-1] == [9, 10, 11]
    assert here["values 2"][1] == ["a", "Südpol", ""]
    assert here["objects 2"].count("sst/0.0") == here["objects 3"].count("sst/c/0/0") == 1
    assert (here["mean"], here["appended"], here["array"]) == (5.5, 5, sum(range(250, 750)))
    assert (here["cat"], here["part"], here["sizes"], here["lines"]) == ("ocean", "ce", 20, ["a,b", "1,2"])
    assert "many" in here["list"] and "many" not in here["after"]
    assert len(here["public data"]) > 3
    assert here["on Amazon"][0] == 200 and "<Key>" in here["on Amazon"][1]
    assert here["paid"].startswith("station,river")
    assert here["exists"] == [True, False, False]


@pytest.mark.parametrize(
    ("case", "text"),
    [
        ("403", "does not have storage.objects.create access"),
        ("404 object", "FileNotFoundError"),
        ("404 store", "No group found in store"),
        ("404 bucket", "no-such-bucket"),
        ("no array", "ArrayNotFoundError"),
        ("requester pays", "requester pays"),
        ("public", "Anonymous caller does not have storage.objects.list access"),
    ],
)
def test_a_refusal_has_its_reason(here, case, text):
    assert text in here[case]
