"""Public buckets, read and refused, through each client; and what a session pays for them."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap

import pytest

from tests.fakehub.api_client import API, UPLOAD, Api, object_path

BUCKET, STORE = "gcp-public-data-arco-era5", "ar/full_37-1h-0p25deg-chunk-1.zarr-v3"
# 2020-07-01T12:00, in hours since 1900.
CHUNK = f"{STORE}/2m_temperature/1056276.0.0"
CHUNK_BYTES = 4 * 721 * 1440 + 16

PROGRAMS = {
    "gcsfs": """
        import gcsfs

        for fs in (gcsfs.GCSFileSystem(token="anon"), gcsfs.GCSFileSystem()):
            assert fs.ls(BUCKET) == [f"{BUCKET}/ar"]
            names = [path.rpartition("/")[2] for path in fs.ls(f"gs://{BUCKET}/{STORE}")]
            assert {".zattrs", ".zgroup", ".zmetadata", "2m_temperature", "level", "time"} < set(names)
            info = fs.info(f"gs://{BUCKET}/{CHUNK}")
            assert (info["type"], info["size"]) == ("file", CHUNK_BYTES)
            assert fs.cat(f"{BUCKET}/{STORE}/.zgroup") == b'{\\n    "zarr_format": 2\\n}'
            with fs.open(f"{BUCKET}/{CHUNK}") as file:
                whole = file.read()
            assert (len(whole), fs.cat_file(f"{BUCKET}/{CHUNK}", start=100, end=110)) == (CHUNK_BYTES, whole[100:110])
    """,
    "google-cloud-storage": """
        from google.cloud import storage

        for client in (storage.Client.create_anonymous_client(), storage.Client()):
            bucket = client.bucket(BUCKET)
            page = next(client.list_blobs(bucket, prefix=f"{STORE}/2m_temperature/", max_results=5).pages)
            assert [blob.name.rpartition("/")[2] for blob in page][:2] == [".zarray", ".zattrs"]
            blob = bucket.get_blob(CHUNK)
            assert (blob.size, len(blob.crc32c)) == (CHUNK_BYTES, 8)
            assert len(blob.download_as_bytes()) == CHUNK_BYTES
            asked = ["storage.objects.get", "storage.objects.create"]
            assert bucket.test_iam_permissions(asked) == asked[:1]
    """,
    "obstore": """
        import obstore
        from obstore.store import GCSStore

        for options in ({"skip_signature": True}, {}):
            store = GCSStore(BUCKET, prefix=STORE, **options)
            found = store.list_with_delimiter()
            assert "2m_temperature" in found["common_prefixes"]
            assert {".zattrs", ".zgroup", ".zmetadata"} == {each["path"] for each in found["objects"]}
            name = CHUNK.removeprefix(f"{STORE}/")
            assert store.head(name)["size"] == CHUNK_BYTES
            assert bytes(store.get(name).bytes()[100:110]) == bytes(obstore.get_range(store, name, start=100, end=110))
    """,
    "xarray": """
        import numpy as np
        import xarray as xr

        ds = xr.open_zarr(f"gs://{BUCKET}/{STORE}", chunks=None, storage_options={"token": "anon"})
        warm = ds["2m_temperature"].sel(time="2020-07-01T12")
        cold = ds["2m_temperature"].sel(time="2020-01-01T12")
        by_latitude = warm.mean("longitude") - 273.15
        assert by_latitude.sel(latitude=0) > 20 > 10 > by_latitude.sel(latitude=[-90, 90]).max()
        new_york = {"latitude": 40.75, "longitude": 286}
        assert 5 < float(warm.sel(new_york) - cold.sel(new_york)) < 40
        day = ds["2m_temperature"].sel(time="2020-07-01", latitude=25, longitude=10)
        assert int(day.argmax()) in range(12, 17) and 2 < float(day.max() - day.min()) < 20
        assert not np.isnan(warm).any()
        for missing in ("1939-12-31T23", "2026-05-27T00"):
            assert np.isnan(ds["2m_temperature"].sel(time=missing)).all()
        for present in ("1940-01-01T00", "2026-05-26T23"):
            assert not np.isnan(ds["2m_temperature"].sel(time=present)).any()
        sea = ds["sea_surface_temperature"].sel(time="2020-07-01T12")
        assert np.isnan(sea.sel(latitude=50, longitude=90)) and not np.isnan(sea.sel(latitude=0, longitude=180))
        rain = ds["total_precipitation"].sel(time="2020-07-01T12")
        assert float(rain.min()) == 0 and 0 < float(rain.max()) < 0.05
        pressure = ds["mean_sea_level_pressure"].sel(time="2020-07-01T12")
        assert 92000 < float(pressure.min()) < float(pressure.max()) < 106000
    """,
    "pandas and plain HTTPS": """
        import json
        import urllib.request

        import pandas as pd
        import xarray as xr

        for address in ("https://storage.googleapis.com/cmip6", "https://cmip6.storage.googleapis.com"):
            table = pd.read_csv(f"{address}/pangeo-cmip6.csv")
            # https://github.com/pangeo-data/pangeo-cmip6-cloud, docs/overview.rst, "CSV file structure"
            assert list(table) == [
                *("activity_id", "institution_id", "source_id", "experiment_id", "member_id", "table_id"),
                *("variable_id", "grid_label", "zstore", "dcpp_init_year", "version"),
            ]
            assert table["dcpp_init_year"].isna().all() and table["version"].dtype == "int64"
        found = table.query("source_id == 'GFDL-ESM4' and experiment_id == 'ssp585' and variable_id == 'tas'")
        (zstore,) = found["zstore"]
        assert zstore.endswith("/tas/gr1/v20180701/")
        ds = xr.open_zarr(zstore, storage_options={"token": "anon"})
        january = ds["tas"].sel(time="2050-01").squeeze() - 273.15
        siberia, equator = january.sel(lat=60, lon=100, method="nearest"), january.sel(lat=0, method="nearest")
        assert float(siberia) < -5 < 15 < float(equator.min())
        february = ["2015-02-01 00:00:00", "2015-03-01 00:00:00"]
        assert [str(edge) for edge in ds["time_bnds"].isel(time=1).values] == february
        with urllib.request.urlopen("https://storage.googleapis.com/cmip6/pangeo-cmip6.json", timeout=30) as response:
            collection = json.load(response)
        assert collection["catalog_file"] == "https://storage.googleapis.com/cmip6/pangeo-cmip6.csv"
        assert collection["assets"] == {"column_name": "zstore", "format": "zarr"}
        assert collection["aggregation_control"]["groupby_attrs"] == [
            *("activity_id", "institution_id", "source_id", "experiment_id", "table_id", "grid_label")
        ]

        for address in (f"https://storage.googleapis.com/{BUCKET}", f"https://{BUCKET}.storage.googleapis.com"):
            with urllib.request.urlopen(f"{address}/{CHUNK}", timeout=30) as response:
                assert len(response.read()) == CHUNK_BYTES
    """,
}


@pytest.fixture(scope="module")
def api(server) -> Api:
    return Api(server)


@pytest.mark.parametrize("client", PROGRAMS)
def test_a_client_reads(fakehub, client) -> None:
    begin = f"{BUCKET = }\n{STORE = }\n{CHUNK = }\n{CHUNK_BYTES = }\n"
    done = fakehub("--", sys.executable, "-W", "ignore", "-c", begin + textwrap.dedent(PROGRAMS[client]))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("hub", ["examples/other-hub/hub.yml", "examples/minimal/hub.yml"])
def test_every_hub_has_them(fakehub, hub) -> None:
    url = f"https://storage.googleapis.com/{BUCKET}/{STORE}/.zgroup"
    done = fakehub("--hub-yml", hub, "--", "curl", "--silent", "--show-error", "--fail", url)
    assert json.loads(done.stdout) == {"zarr_format": 2}, done.stderr


@pytest.mark.parametrize("anonymous", [False, True])
@pytest.mark.parametrize(
    ("method", "path", "permission"),
    [
        ("POST", f"{UPLOAD}/{BUCKET}/o?uploadType=media&name=mine", "storage.objects.create"),
        ("DELETE", object_path(BUCKET, f"{STORE}/.zgroup"), "storage.objects.delete"),
        ("PATCH", object_path(BUCKET, f"{STORE}/.zgroup"), "storage.objects.update"),
        ("GET", f"{API}/{BUCKET}", "storage.buckets.get"),
        ("DELETE", f"{API}/{BUCKET}", "storage.buckets.delete"),
    ],
)
def test_nobody_changes_them(api, method, path, permission, anonymous) -> None:
    response = api.call(method, path, anonymous=anonymous, data=b"{}")
    caller = "Anonymous caller" if anonymous else "hub-user@leap-pangeo.iam.gserviceaccount.com"
    assert response.status_code == (401 if anonymous else 403)
    message = response.json()["error"]["message"]
    assert message.startswith(f"{caller} does not have {permission} access to the Google Cloud Storage ")
    assert message.endswith(f"Permission '{permission}' denied on resource (or it may not exist).")


@pytest.mark.parametrize("anonymous", [False, True])
def test_the_xml_api_refuses_as_well(api, anonymous) -> None:
    response = api.call("PUT", f"/{BUCKET}/mine", anonymous=anonymous, data=b"mine")
    assert (response.status_code, "<Code>AccessDenied</Code>" in response.text) == (403, True)


@pytest.mark.parametrize("anonymous", [False, True])
def test_held_permissions_are_those_to_read(api, anonymous) -> None:
    asked = ["storage.objects.create", "storage.objects.get", "storage.objects.delete", "storage.objects.list"]
    path = f"{API}/{BUCKET}/iam/testPermissions"
    response = api.call("GET", path, anonymous=anonymous, params={"permissions": asked})
    assert response.json()["permissions"] == ["storage.objects.get", "storage.objects.list"]


def test_a_missing_object_is_not_found(api) -> None:
    for name in ("nothing", f"{STORE}/2m_temperature/1056276.0.1", f"{STORE}/2m_temperature/0.0.0", f"{STORE}/x/0.0"):
        assert api.call("GET", object_path(BUCKET, name)).status_code == 404


def test_a_listing_continues_where_it_stopped(api) -> None:
    prefix, names, token = f"{STORE}/2m_temperature/", [], {}
    for _ in range(3):
        page = api.listing(BUCKET, prefix=prefix, maxResults=7, **token)
        names += [item["name"].removeprefix(prefix) for item in page["items"]]
        token = {"pageToken": page["nextPageToken"]}
    # As texts, in which 1000009 comes before 100001.
    assert names == [".zarray", ".zattrs", *(f"{number}.0.0" for number in range(1000000, 1000019))]
    shown = api.listing(BUCKET, prefix=f"{prefix}1056276.")["items"]
    full = api.call("GET", object_path(BUCKET, CHUNK)).json()
    assert [{**item, "crc32c": full["crc32c"]} for item in shown] == [full]


def test_an_object_is_the_same_every_time(api, start_server, tmp_path) -> None:
    first = api.get(BUCKET, CHUNK, alt="media")
    other = start_server(tmp_path / "other")
    try:
        second = Api(other).get(BUCKET, CHUNK, alt="media")
    finally:
        other.process.terminate()
        other.process.wait(timeout=20)
    assert first.content == second.content
    assert first.headers["x-goog-hash"] == second.headers["x-goog-hash"]
    assert first.headers["x-goog-generation"] == second.headers["x-goog-generation"]


def test_a_copy_to_ones_own_bucket_has_the_bytes(api) -> None:
    path = f"{object_path(BUCKET, f'{STORE}/.zgroup')}/copyTo/b/leap-scratch/o/copied"
    assert api.call("POST", path).status_code == 200
    assert json.loads(api.get("leap-scratch", "copied", alt="media").content) == {"zarr_format": 2}


def test_nothing_is_imported_before_it_is_read(root) -> None:
    program = """
import sys
import fakehub.server.assemble
from fakehub.accounts.personas import personas
from fakehub.public_data.bucket import PublicBucket
from hubfacts.load import load
from hubfacts.public_data import load as load_public

personas(load())
data = load_public()
buckets = [PublicBucket(data, "gs", name) for name in data.buckets("gs")]
assert all(next(iter(bucket.names_from("")), None) for bucket in buckets)
print("numpy" in sys.modules, "fakehub.public_data.weather" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, timeout=60)
    assert done.stdout == "False False\n", done.stderr


def test_without_numpy_a_chunk_is_refused_and_metadata_are_not(root) -> None:
    program = f"""
import sys
from fakehub.errors import GoogleError
from fakehub.public_data.bucket import PublicBucket
from hubfacts.public_data import load

sys.modules["numpy"] = None
bucket = PublicBucket(load(), "gs", {BUCKET!r})
assert bucket.read({f"{STORE}/.zgroup"!r})
try:
    bucket.read({CHUNK!r})
except GoogleError as error:
    print(error.status, error.message)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, timeout=60)
    message = "The stand-in does not answer chunks of public data without NumPy: pip install 'fakehub[public-data]'."
    assert done.stdout == f"400 {message}\n", done.stderr
