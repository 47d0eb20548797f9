"""Names of computed objects: which exist, their order and sizes, and what the stand-in stores of them."""

import itertools
import json
from datetime import datetime

import pytest

from fakehub.public_data import bucket as bucket_module
from fakehub.public_data.bucket import PublicBucket
from fakehub.public_data.names import chunk_keys
from hubfacts.public_data import load

ARCO, WEATHERBENCH = load().datasets["arco_era5"], load().datasets["weatherbench2_era5"]


def arco() -> PublicBucket:
    return PublicBucket(load(), "gs", ARCO.bucket)


@pytest.mark.parametrize("ranges", [[(0, 25)], [(95, 1003)], [(7, 12), (0, 11)], [(0, 3), (9, 12), (0, 2)]])
def test_keys_are_in_the_order_of_texts_from_any_start(ranges) -> None:
    all_keys = sorted(".".join(map(str, numbers)) for numbers in itertools.product(*(range(*each) for each in ranges)))
    assert list(chunk_keys(ranges)) == all_keys
    for start in ("", "0", "1", "10", "10.", "1.1", "95", "99a", "9.9.9", *all_keys[::5]):
        assert list(chunk_keys(ranges, start)) == [key for key in all_keys if key >= start], start


def test_names_are_in_order_across_stores_and_folders() -> None:
    for bucket in (PublicBucket(load(), "gs", name) for name in load().buckets("gs")):
        names = list(itertools.islice(bucket.names_from(""), 3000))
        assert names == sorted(names)
        assert all(bucket.size(name) for name in names)
        for start in (*names[::400], names[7] + "x"):
            assert next(bucket.names_from(start)) == next(name for name in names if name >= start)
        assert next(bucket.names_from(names[0], inclusive=False)) == names[1]
        assert list(bucket.names_from("zzz")) == []


@pytest.mark.parametrize(
    ("time", "exists"),
    [
        ("1939-12-31T23", False),
        ("1940-01-01T00", True),
        ("2026-05-26T23", True),
        ("2026-05-27T00", False),
    ],
)
def test_the_chunks_of_the_stored_period_exist_and_no_others(time, exists) -> None:
    hour = int((datetime.fromisoformat(time) - datetime(1900, 1, 1)).total_seconds() / 3600)
    size = arco().size(f"{ARCO.path}/2m_temperature/{hour}.0.0")
    assert size == (4 * 721 * 1440 + 16 if exists else None)


@pytest.mark.parametrize(
    "name",
    [
        *("2m_temperature/1056276.0.1", "2m_temperature/1056276.1.0", "2m_temperature/01056276.0.0"),
        *("2m_temperature/1056276.0", "2m_temperature/1056276.0.0.0", "2m_temperature/", "2m_temperature"),
        *("2m_temperature/1056276.0.x", "2m_temperature/1056276.0.\u0660", "humidity/1056276.0.0", "time/1", ""),
    ],
)
def test_nothing_else_exists(name) -> None:
    assert arco().size(f"{ARCO.path}/{name}") is None
    assert arco().size(name) is None


def test_the_last_chunk_of_a_dimension_exists_though_it_is_not_full() -> None:
    weatherbench = PublicBucket(load(), "gs", WEATHERBENCH.bucket)
    last = (93544 - 1) // 100
    assert weatherbench.size(f"{WEATHERBENCH.path}/2m_temperature/{last}.0.0") == 4 * 100 * 64 * 32 + 16
    assert weatherbench.size(f"{WEATHERBENCH.path}/2m_temperature/{last + 1}.0.0") is None
    assert weatherbench.size(f"{WEATHERBENCH.path}/land_sea_mask/0.0") == 4 * 64 * 32 + 16


def test_the_size_is_that_of_the_content() -> None:
    for name in (".zmetadata", "level/0", "latitude/0", "2m_temperature/.zattrs", "2m_temperature/1056276.0.0"):
        opened = arco()
        assert opened.size(f"{ARCO.path}/{name}") == len(opened.read(f"{ARCO.path}/{name}"))


def test_metadata_are_the_same_in_both_places() -> None:
    opened = arco()
    whole = json.loads(opened.read(f"{ARCO.path}/.zmetadata"))
    assert whole["zarr_consolidated_format"] == 1
    assert {".zattrs", ".zgroup", "time/.zarray", "2m_temperature/.zattrs"} <= whole["metadata"].keys()
    for name, content in whole["metadata"].items():
        assert json.loads(opened.read(f"{ARCO.path}/{name}")) == content


def test_a_whole_number_has_no_value_for_missing_ones() -> None:
    metadata = json.loads(arco().read(f"{ARCO.path}/.zmetadata"))["metadata"]
    shown = {name: metadata[f"{name}/.zarray"]["fill_value"] for name in ("level", "latitude", "2m_temperature")}
    assert shown == {"level": None, "latitude": "NaN", "2m_temperature": "NaN"}
    cmip6 = load().datasets["cmip6_gfdl_cm4_historical"]
    zarray = json.loads(PublicBucket(load(), "gs", "cmip6").read(f"{cmip6.path}/tas/.zarray"))
    assert zarray["fill_value"] == 1e20


def test_only_a_few_computed_objects_are_kept(monkeypatch) -> None:
    opened, computed = arco(), []
    compute = PublicBucket._computed
    monkeypatch.setattr(PublicBucket, "_computed", lambda self, name: computed.append(name) or compute(self, name))
    monkeypatch.setattr(bucket_module, "_KEPT_BYTES", 2 * (4 * 721 * 1440 + 16))
    first, second, third = (f"{ARCO.path}/2m_temperature/{1056276 + hour}.0.0" for hour in range(3))

    for name in (first, first, second, first, third, first, second):
        opened.read(name)

    assert computed == [first, second, third, second]
    monkeypatch.setattr(bucket_module, "_KEPT_BYTES", 1)
    assert opened.read(first) is opened.read(first)


def test_chunks_of_a_small_and_of_a_large_grid_agree() -> None:
    import numcodecs
    import numpy as np

    large = np.frombuffer(numcodecs.Blosc().decode(arco().read(f"{ARCO.path}/2m_temperature/1056276.0.0")), "<f4")
    # The same time in steps of 6 h, in the chunk of 100 times that has it.
    step = int((datetime(2020, 7, 1, 12) - datetime(1959, 1, 1)).total_seconds() / 21600)
    opened = PublicBucket(load(), "gs", WEATHERBENCH.bucket)
    chunk = numcodecs.Blosc().decode(opened.read(f"{WEATHERBENCH.path}/2m_temperature/{step // 100}.0.0"))
    small = np.frombuffer(chunk, "<f4").reshape(100, 64, 32)[step % 100]
    nearest = large.reshape(721, 1440)[np.rint((90 - (-87.1875 + 5.625 * np.arange(32))) * 4).astype(int)]
    nearest = nearest[:, np.rint(5.625 * np.arange(64) * 4).astype(int) % 1440]
    assert np.median(np.abs(nearest - small.T)) < 0.1
    assert np.median(np.abs(nearest - np.roll(small.T, 16, axis=1))) > 1
