"""Wrong input: the script prints one clear line, exits with 1 and writes nothing."""

import re

import h5py
import numpy as np
import pytest
import xarray as xr
from source_files import months
from upload_world import BUCKET, USER

GOOD = f"gs://{BUCKET}/{USER}/refused.zarr"


@pytest.fixture
def refused(cloud, uploader):
    """Run the script, which must refuse; returns its message without its name."""

    def call(*arguments, **options) -> str:
        cloud.writes("")
        status, printed, error = uploader(*arguments, **options)
        assert (status, printed) == (1, "")
        assert cloud.writes("") == {}
        (line,) = error.splitlines()
        assert line.startswith("upload_store.py: ")
        return line.removeprefix("upload_store.py: ")

    return call


def changed(folder, **changes):
    """Return three files; the function ``by`` has changed the Dataset of the second."""
    paths = months(folder)
    dataset = xr.load_dataset(paths[1], decode_cf=False)
    changes["by"](dataset).to_netcdf(paths[1], engine="h5netcdf")
    return paths


def test_a_target_without_gs(refused, sources):
    line = refused(*sources, f"{BUCKET}/{USER}/refused.zarr")
    assert line.startswith(
        f"{BUCKET}/{USER}/refused.zarr is not of the form gs://BUCKET/PREFIX/NAME.zarr or ./NAME.zarr"
    )


@pytest.mark.parametrize("target", [f"gs://{BUCKET}/refused.zarr", f"gs://{BUCKET}/{USER}/refused", f"gs://{BUCKET}/"])
def test_a_target_that_is_no_store_below_a_prefix(refused, sources, target):
    assert "is not of the form gs://BUCKET/PREFIX/NAME.zarr" in refused(*sources, target)


def test_somebody_elses_prefix(refused, sources):
    line = refused(*sources, f"gs://{BUCKET}/someone-else/refused.zarr")
    assert line.endswith(f"is under the prefix of someone-else, not yours: write under gs://{BUCKET}/{USER}/")


def test_a_bucket_that_is_not_there(refused, sources):
    line = refused(*sources, f"gs://leap-persistant/{USER}/a.zarr")
    assert line == "gs://leap-persistant: there is no such bucket: check its name"


def test_a_bucket_the_login_may_not_write_to(refused, sources):
    line = refused(*sources, f"gs://leap-scratch/{USER}/a.zarr")
    assert line.startswith(
        "gs://leap-scratch: this login may not write to the bucket, because it lacks storage.objects."
    )


def test_a_variable_that_is_not_there(refused, sources):
    line = refused(*sources, GOOD, "--variables", "air,snow")
    assert line.startswith(f"{sources[0]}: snow: there is no such variable, only ")
    assert "air" in line and "rain" in line


def test_a_variable_that_one_file_lacks(refused, tmp_path):
    paths = changed(tmp_path / "own", by=lambda dataset: dataset.drop_vars("rain"))
    line = refused(*paths, GOOD)
    assert line.startswith(f"{paths[1]}: rain: is missing, but {paths[0]} has it: add it, or ")


def test_a_variable_that_only_one_file_has(refused, tmp_path):
    paths = changed(tmp_path / "own", by=lambda dataset: dataset.assign(snow=dataset.rain))
    line = refused(*paths, GOOD)
    assert line.startswith(f"{paths[0]}: snow: is missing, but {paths[1]} has it: add it, or ")


def test_calendars_that_differ(refused, tmp_path):
    def other(dataset):
        dataset["time"].attrs["calendar"] = "360_day"
        return dataset

    paths = changed(tmp_path / "own", by=other)
    line = refused(*paths, GOOD)
    assert line.startswith(
        f"{paths[1]}: time: calendar is '360_day', but 'standard' in {paths[0]}: make the files alike"
    )


def test_values_that_are_packed_otherwise(refused, tmp_path):
    def other(dataset):
        dataset["rain"].attrs["scale_factor"] = 0.2
        return dataset

    paths = changed(tmp_path / "own", by=other)
    assert "rain: scale_factor is 0.2, but 0.1 in" in refused(*paths, GOOD)


def test_a_type_that_zarr_cannot_hold(refused, tmp_path):
    with h5py.File(tmp_path / "rows.nc", "w") as file:
        file["x"] = np.arange(2)
        file["x"].make_scale("x")
        file.create_dataset("row", (2,), h5py.vlen_dtype("f8")).dims[0].attach_scale(file["x"])
    line = refused(tmp_path / "rows.nc", GOOD)
    assert line.startswith(f"{tmp_path / 'rows.nc'}: row: is a ragged array, with rows of unequal length: ")


def test_another_grid(refused, tmp_path):
    paths = changed(tmp_path / "own", by=lambda dataset: dataset.isel(lat=slice(1, None)))
    assert refused(*paths, GOOD).startswith(f"{paths[1]}: ")


def test_files_that_overlap(refused, sources, tmp_path):
    copy = tmp_path / "again.nc"
    copy.write_bytes(sources[1].read_bytes())
    line = refused(*sources, copy, GOOD)
    assert re.search(r"(again|month-1)\.nc: time: overlaps .*: remove the repeated steps$", line)


def test_a_file_that_is_missing_and_the_option_to_accept_that(uploader, refused, tmp_path):
    first, _, *others = months(tmp_path / "own", count=4)
    line = refused(first, *others, GOOD)
    assert line.startswith(f"{first}: time: steps are missing between 3 and 8 of a regular axis: ")
    assert line.endswith("accept the gap with --allow-gaps")
    assert uploader(first, *others, GOOD, "--allow-gaps", "--dry-run")[0] == 0


def test_no_dimension_to_join_along(refused, sources):
    line = refused(*sources, GOOD, "--along", "day")
    assert "day: there is no dimension of this name, only " in line


def test_chunks_of_a_dimension_that_is_not_there(refused, sources):
    assert "the files have only the dimensions " in refused(*sources, GOOD, "--chunks", "depth=2")


def test_a_file_that_is_not_there_or_no_netcdf(refused, tmp_path):
    (tmp_path / "text.nc").write_text("no NetCDF")
    assert refused("nowhere.nc", GOOD) == "nowhere.nc: there is no such file: check its name"
    assert refused(tmp_path / "text.nc", GOOD).startswith(f"{tmp_path / 'text.nc'}: is not a NetCDF file: ")


def test_a_target_that_holds_something_else(cloud, refused, sources):
    url = f"gs://{BUCKET}/{USER}/other/refused.zarr"
    cloud.tamper(f"{USER}/other/refused.zarr/air/c/0/0/0", b"somebody's")
    assert "it contains other objects, such as air/c/0/0/0: choose another name" in refused(*sources, url)
    cloud.tamper(f"{USER}/other/refused.zarr/zarr.json", b"{}")
    assert "exists and was not written by this script" in refused(*sources, url)


def test_a_target_begun_from_other_files_or_with_more_in_it(cloud, uploader, refused, sources):
    url = f"gs://{BUCKET}/{USER}/begun/refused.zarr"
    assert uploader(*sources, url)[0] == 0
    assert "was started with other files or other chunks" in refused(*sources[:2], url)
    assert "was started with other files or other chunks" in refused(*sources, url, "--chunks", "time=2")
    cloud.tamper(f"{USER}/begun/refused.zarr/snow/c/0", b"somebody's")
    assert "contains other objects, such as snow/c/0: choose another name" in refused(*sources, url)


def test_a_token_file_that_others_may_read_or_that_holds_none(refused, sources, tmp_path):
    token = tmp_path / "token.txt"
    line = refused(*sources, GOOD, "--token-file", token)
    assert line == f"{token}: the token cannot be read (No such file or directory): check --token-file"
    token.write_text("ya29.something")
    token.chmod(0o644)
    assert refused(*sources, GOOD, "--token-file", token).endswith(f"others can read this token: run chmod 600 {token}")
    token.write_text("two words")
    token.chmod(0o600)
    line = refused(*sources, GOOD, "--token-file", token)
    assert line == f"{token}: this is not an access token, which has no spaces: check --token-file"


def test_a_token_that_was_never_one(refused, sources, tmp_path):
    token = tmp_path / "token.txt"
    token.write_text("ya29.made-up")
    token.chmod(0o600)
    line = refused(*sources, GOOD, "--token-file", token)
    assert line.startswith(f"the token in {token} is no longer accepted: put a new one there")


def test_nobody_is_logged_in(refused, sources):
    line = refused(*sources, GOOD, GOOGLE_APPLICATION_CREDENTIALS="", HOME="/nonexistent", NO_GCE_CHECK="true")
    assert line == "no login: run 'gcloud auth application-default login', or pass a token with --token-file FILE"


def test_a_login_that_was_revoked(cloud, refused, sources, tmp_path):
    cloud.revoke(cloud.credentials(tmp_path)["refresh_token"])
    line = refused(*sources, GOOD)
    assert line.startswith("the login has expired (invalid_grant: Token has been expired or revoked.): log in again")


def test_a_manifest_of_another_upload(uploader, refused, sources, tmp_path):
    uploader(*sources, f"gs://{BUCKET}/{USER}/manifest/one.zarr", "--manifest", tmp_path / "noted")
    status, _, error = uploader(*sources, f"gs://{BUCKET}/{USER}/manifest/two.zarr", "--manifest", tmp_path / "noted")
    assert (status, len(error.splitlines())) == (1, 1)
    assert "this is the manifest of gs://" in error


def test_a_number_that_makes_no_sense(uploader, sources):
    for option in ("--workers", "--chunk-mb", "--timeout"):
        status, _, error = uploader(*sources, GOOD, option, "0")
        assert status == 2
        assert error.splitlines()[-1].startswith(f"upload_store.py: error: argument {option}: invalid ")
    error = uploader(*sources, GOOD, "--chunks", "time=all")[2]
    assert error.endswith("argument --chunks: 'time=all' is not of the form DIM=N,DIM=N\n")


def test_a_dry_run_checks_everything_and_writes_nothing(cloud, uploader, sources):
    cloud.writes("")
    status, printed, _ = uploader(*sources, GOOD, "--dry-run")
    assert (status, printed.splitlines()[-1]) == (0, "nothing was written (--dry-run)")
    assert cloud.writes("") == {}
