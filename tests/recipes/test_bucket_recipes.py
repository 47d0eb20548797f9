"""Recipes of the pages on buckets: guards, copies and checks, on what readers have rather than what the page has."""

import pytest

RULES = "book/buckets/rules.md"
LOOK = "book/buckets/look.md"
SEVEN_DAYS = "book/buckets/after-seven-days.md"
CHUNKS = "book/buckets/chunks.md"
STORE = """
import numpy as np, xarray as xr
def values(n=24):
    return xr.Dataset({"sst": (("time", "lat"), np.ones((n, 3))), "obs": ("time", np.arange(n))})
"""


def test_the_guard_accepts_urls_and_what_gcsfs_returns(printed):
    program = """
        fs.pipe({f"{folder}/a": b"1", f"{folder}/sub/b": b"2"})
        fs.rm([check_mine(path) for path in fs.find(folder)])
        print(len(fs.find(folder)), check_mine(f"{folder}/x") == f"{folder}/x")
        """
    assert printed(RULES, ("check_mine",), program) == ["0 True"]


@pytest.mark.parametrize(
    "path",
    [
        "",
        "funky-user/a",
        "gs://leap-scratch",
        "leap-scratch/",
        "gs://leap-scratch/funky-user",
        "leap-scratch/funky-user/",
        "gs://leap-scratch/funky-user2/a",
        "leap-scratch/somebody/a",
        "gs://other/funky-user/a",
    ],
)
def test_the_guard_refuses_everything_else(recipe, path):
    done = recipe(RULES, ("check_mine",), f"check_mine({path!r})")

    assert done.returncode != 0
    assert f"ValueError: {path} is not under your prefix" in done.stderr


def test_the_age_is_that_of_the_object_and_not_of_its_metadata(printed, root):
    program = """
        fs.pipe(f"{folder}/a", b"1")
        created, changed = fs.created(f"{folder}/a"), fs.modified(f"{folder}/a")
        fs.setxattrs(f"{folder}/a", note="x")
        fs.invalidate_cache()
        print(fs.created(f"{folder}/a") == created, fs.modified(f"{folder}/a") == changed)
        fs.mv(f"{folder}/a", f"{folder}/b")
        print(fs.created(f"{folder}/b") == created)
        fs.touch(f"{folder}/b")
        print(fs.size(f"{folder}/b"))
        """
    assert printed(RULES, (), program) == ["True False", "False", "0"]
    assert "fs.created(path)" in (root / RULES).read_text()


def test_a_copy_that_runs_twice_is_not_nested(printed, root):
    """With slashes at the end, as the page has them; without them, the second run nests the folder."""
    program = """
        fs.pipe({f"{folder}/2023/jan.csv": b"1", f"{folder}/2023/sub/feb.csv": b"2"})
        os.makedirs("2023/sub"), open("2023/jan.csv", "w").close(), open("2023/sub/feb.csv", "w").close()
        for end in ("/", ""):
            for _ in range(2):
                fs.copy(f"{folder}/2023{end}", f"{folder}/copy{len(end)}{end}", recursive=True)
                fs.put(f"2023{end}", f"{folder}/put{len(end)}{end}", recursive=True)
            print(len(fs.find(f"{folder}/copy{len(end)}/")), len(fs.find(f"{folder}/put{len(end)}/")))
        """
    assert printed(LOOK, (), program) == ["2 2", "4 4"]
    assert 'fs.copy(f"{folder}/2023/", f"{folder}/backup/", recursive=True)' in (root / LOOK).read_text()
    assert 'fs.copy(f"{path}/", f"{path_kept}/", recursive=True)' in (root / SEVEN_DAYS).read_text()


def test_a_misspelt_path_finds_and_deletes_nothing(printed):
    program = """
        fs.pipe(f"{folder}/january/a.csv", b"1")
        try:
            fs.rm(f"{folder}/januar", recursive=True)
        except FileNotFoundError:
            print(fs.find(f"{folder}/januar"), len(fs.find(folder)), len(fs.glob(f"{folder}/janu*")))
        """
    assert printed(LOOK, (), program) == ["[] 1 1"]


@pytest.mark.parametrize("format", [2, 3])
@pytest.mark.parametrize("group", ["", "ocean/surface"])
def test_missing_chunks_are_reported_in_every_group_and_format(printed, format, group):
    program = (
        STORE
        + f"""
url = f"{{folder}}/run.zarr"
xr.Dataset().to_zarr(url, zarr_format={format}, mode="w")
values().chunk(time=7).to_zarr(url, group={group!r} or None, zarr_format={format}, mode="a", write_empty_chunks=True)
print(missing_chunks(url))
fs.rm(sorted(path for path in fs.find(url) if "/sst/" in path and path[-1] == "0")[0])
print(missing_chunks(url) == {{"{group + "/" if group else ""}sst": 1}})
"""
    )
    assert printed(SEVEN_DAYS, ("missing_chunks",), program) == ["{}", "True"]


def test_a_shard_that_is_missing_is_reported(printed):
    program = (
        STORE
        + """
url = f"{folder}/run.zarr"
encoding = {"sst": {"chunks": (3, 3), "shards": (12, 3)}}
values().chunk(time=12).to_zarr(url, encoding=encoding, mode="w", write_empty_chunks=True)
print(missing_chunks(url))
fs.rm(f"{url}/sst/c/1/0")
print(missing_chunks(url))
"""
    )
    assert printed(SEVEN_DAYS, ("missing_chunks",), program) == ["{}", "{'sst': 1}"]


def test_checksums_tell_a_copy_from_one_with_another_value_or_name(printed):
    program = """
        fs.pipe({f"{folder}/a/x": b"1", f"{folder}/a/y": b"2"})
        fs.pipe({f"{folder}/b/x": b"1", f"{folder}/b/y": b"2"})
        fs.pipe({f"{folder}/c/x": b"1", f"{folder}/c/y": b"3"})
        fs.pipe({f"{folder}/d/x": b"1", f"{folder}/d/z": b"2"})
        print([checksums(f"{folder}/a") == checksums(f"{folder}/{name}") for name in "bcd"])
        """
    assert printed(SEVEN_DAYS, ("checksums",), program) == ["[True, False, False]"]


MODEL_OUTPUT = """
times = xr.date_range("2000-02-25", periods=20, calendar="noleap", use_cftime=True)
rng = np.random.default_rng(seed=1)
ds = xr.Dataset(
    {
        "sst": (("time", "lat", "lon"), rng.normal(15, 5, (20, 7, 5))),
        "area": (("lat", "lon"), np.ones((7, 5))),
        "time_bnds": (("time", "bnds"), np.arange(40.0).reshape(20, 2)),
        "member": ((), "r1i1p1f1"),
    },
    {"time": times, "lat": np.linspace(-60, 60, 7), "lon": np.arange(5.0)},
)
ds.sst[3, 2] = np.nan
packed = {"sst": {"dtype": "int16", "scale_factor": 0.01, "_FillValue": -32768}}
ds.chunk(time=4).to_zarr(f"{folder}/a.zarr", encoding=packed)
raw = xr.open_zarr(f"{folder}/a.zarr", decode_cf=False)
"""


@pytest.mark.parametrize("lat", [3, 7, -1])
def test_other_chunks_keep_packing_calendar_and_everything_without_the_dimension(printed, lat):
    program = f"""{MODEL_OUTPUT}
chunks = {{"time": -1, "lat": {lat}}}
rechunk(f"{{folder}}/a.zarr", f"{{folder}}/b.zarr", chunks, "lat")
raw_new = xr.open_zarr(f"{{folder}}/b.zarr", decode_cf=False)
print(raw_new.identical(raw), raw_new.sst.dtype, raw_new.sst.encoding["chunks"])
print(xr.open_zarr(f"{{folder}}/b.zarr").time.dt.calendar)
"""
    expected = [f"True int16 (20, {lat if lat > 0 else 7}, 5)", "noleap"]
    assert printed(CHUNKS, ("rechunk",), program) == expected


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ('rechunk(f"{folder}/a.zarr", f"{folder}/a.zarr", {"lat": 3}, "lat")', "FileExistsError: Cannot create"),
        ('rechunk(f"{folder}/a.zarr", f"{folder}/b.zarr", {"time": -1}, "member")', "KeyError: 'member'"),
    ],
    ids=["onto itself", "along something that is no dimension"],
)
def test_other_chunks_are_refused(recipe, call, message):
    done = recipe(CHUNKS, ("rechunk",), f"{MODEL_OUTPUT}\n{call}\n")
    assert done.returncode and message in done.stderr, done.stderr
