"""Wrong input: the script prints one clear line, exits with 1 and writes nothing."""

import re

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
    assert line == f"{BUCKET}/{USER}/refused.zarr does not begin with gs://, so it is no place in a bucket"


@pytest.mark.parametrize("target", [f"gs://{BUCKET}/refused.zarr", f"gs://{BUCKET}/{USER}/refused", f"gs://{BUCKET}/"])
def test_a_target_that_is_no_store_below_a_prefix(refused, sources, target):
    assert "is not of the form gs://BUCKET/PREFIX/NAME.zarr" in refused(*sources, target)


def test_somebody_elses_prefix(refused, sources):
    line = refused(*sources, f"gs://{BUCKET}/someone-else/refused.zarr")
    assert line.endswith(f"is below the prefix of someone-else, not yours: write below gs://{BUCKET}/{USER}/")


def test_a_bucket_that_is_not_there(refused, sources):
    assert refused(*sources, f"gs://leap-persistant/{USER}/a.zarr") == "there is no bucket gs://leap-persistant"


def test_a_bucket_the_login_may_not_write_to(refused, sources):
    line = refused(*sources, f"gs://leap-scratch/{USER}/a.zarr")
    assert line.startswith("this login may not write to gs://leap-scratch: it lacks storage.objects.")


def test_a_variable_that_is_not_there(refused, sources):
    line = refused(*sources, GOOD, "--variables", "air,snow")
    assert line.startswith(f"{sources[0]}: has no variable 'snow'; it has ")
    assert "air" in line and "rain" in line


def test_a_variable_that_one_file_lacks(refused, tmp_path):
    paths = changed(tmp_path / "own", by=lambda dataset: dataset.drop_vars("rain"))
    assert refused(*paths, GOOD) == f"{paths[1]}: has no variable 'rain', which {paths[0]} has"


def test_calendars_that_differ(refused, tmp_path):
    def other(dataset):
        dataset["time"].attrs["calendar"] = "360_day"
        return dataset

    paths = changed(tmp_path / "own", by=other)
    line = refused(*paths, GOOD)
    assert line == f"{paths[1]}: calendar of time is 360_day, but standard in {paths[0]}: make them one first"


def test_values_that_are_packed_otherwise(refused, tmp_path):
    def other(dataset):
        dataset["rain"].attrs["scale_factor"] = 0.2
        return dataset

    paths = changed(tmp_path / "own", by=other)
    assert "scale_factor of rain is 0.2, but 0.1 in" in refused(*paths, GOOD)


def test_a_dtype_that_is_no_number(refused, tmp_path):
    words = xr.Dataset({"name": ("x", np.array(["a", "bc"], dtype=object))})
    words.to_netcdf(tmp_path / "words.nc", engine="h5netcdf")
    line = refused(tmp_path / "words.nc", GOOD)
    # The dtype of text depends on the versions.
    assert re.match(r"name has dtype \S+, which is not numbers: encode it, or choose others with --variables$", line)


def test_another_grid(refused, tmp_path):
    paths = changed(tmp_path / "own", by=lambda dataset: dataset.isel(lat=slice(1, None)))
    assert f"{paths[1]}: " in refused(*paths, GOOD)


def test_files_that_overlap(refused, sources, tmp_path):
    copy = tmp_path / "again.nc"
    copy.write_bytes(sources[1].read_bytes())
    assert "overlap along time: leave one out" in refused(*sources, copy, GOOD)


def test_no_dimension_to_join_along(refused, sources):
    assert "has no dimension 'day' to join files along" in refused(*sources, GOOD, "--along", "day")


def test_chunks_of_a_dimension_that_is_not_there(refused, sources):
    assert "there is no dimension 'depth', but " in refused(*sources, GOOD, "--chunks", "depth=2")
    assert "is not of the form DIM=N" in refused(*sources, GOOD, "--chunks", "time=all")


def test_a_file_that_is_not_there_or_no_netcdf(refused, tmp_path):
    (tmp_path / "text.nc").write_text("no NetCDF")
    assert refused("nowhere.nc", GOOD) == "nowhere.nc: there is no such file"
    assert refused(tmp_path / "text.nc", GOOD) == (
        f"{tmp_path / 'text.nc'}: cannot be read: it is no NetCDF file, or the library for its kind is missing"
    )


def test_a_target_that_holds_something_else(cloud, refused, sources):
    url = f"gs://{BUCKET}/{USER}/other/refused.zarr"
    cloud.tamper(f"{USER}/other/refused.zarr/air/c/0/0/0", b"somebody's")
    assert "holds something else (air/c/0/0/0): choose another name" in refused(*sources, url)
    cloud.tamper(f"{USER}/other/refused.zarr/zarr.json", b"{}")
    assert "exists and was not begun by this script" in refused(*sources, url)


def test_a_target_begun_from_other_files_or_with_more_in_it(cloud, uploader, refused, sources):
    url = f"gs://{BUCKET}/{USER}/begun/refused.zarr"
    assert uploader(*sources, url)[0] == 0
    assert "was begun from other files, or with other chunks" in refused(*sources[:2], url)
    assert "was begun from other files, or with other chunks" in refused(*sources, url, "--chunks", "time=2")
    cloud.tamper(f"{USER}/begun/refused.zarr/snow/c/0", b"somebody's")
    assert "holds something else (snow/c/0): choose another name" in refused(*sources, url)


def test_a_token_file_that_others_may_read_or_that_holds_none(refused, sources, tmp_path):
    token = tmp_path / "token.txt"
    assert refused(*sources, GOOD, "--token-file", token) == f"{token}: cannot be read: No such file or directory"
    token.write_text("ya29.something")
    token.chmod(0o644)
    assert refused(*sources, GOOD, "--token-file", token).endswith(f"others may read this token: chmod 600 {token}")
    token.write_text("two words")
    token.chmod(0o600)
    assert refused(*sources, GOOD, "--token-file", token) == f"{token}: holds no access token, which is one word"


def test_a_token_that_was_never_one(refused, sources, tmp_path):
    token = tmp_path / "token.txt"
    token.write_text("ya29.made-up")
    token.chmod(0o600)
    line = refused(*sources, GOOD, "--token-file", token)
    assert line.startswith(f"the token in {token} is no longer accepted; put a new one there")


def test_nobody_is_logged_in(refused, sources):
    line = refused(*sources, GOOD, GOOGLE_APPLICATION_CREDENTIALS="", HOME="/nonexistent", NO_GCE_CHECK="true")
    assert line == "no login: run 'gcloud auth application-default login', or give --token-file FILE"


def test_a_login_that_was_revoked(cloud, refused, sources, tmp_path):
    cloud.revoke(cloud.credentials(tmp_path)["refresh_token"])
    line = refused(*sources, GOOD)
    assert line.startswith("the login has ended (invalid_grant: Token has been expired or revoked.); log in anew")


def test_a_manifest_of_another_upload(uploader, refused, sources, tmp_path):
    uploader(*sources, f"gs://{BUCKET}/{USER}/manifest/one.zarr", "--manifest", tmp_path / "noted")
    status, _, error = uploader(*sources, f"gs://{BUCKET}/{USER}/manifest/two.zarr", "--manifest", tmp_path / "noted")
    assert (status, len(error.splitlines())) == (1, 1)
    assert "belongs to an upload to gs://" in error


def test_a_number_that_makes_no_sense(uploader, sources):
    for option in ("--workers", "--chunk-mb", "--timeout"):
        status, _, error = uploader(*sources, GOOD, option, "0")
        assert status == 2
        assert error.splitlines()[-1].startswith(f"upload_store.py: error: argument {option}: invalid ")


def test_a_dry_run_checks_everything_and_writes_nothing(cloud, uploader, sources):
    cloud.writes("")
    status, printed, _ = uploader(*sources, GOOD, "--dry-run")
    assert (status, printed.splitlines()[-1]) == (0, "nothing was written (--dry-run)")
    assert cloud.writes("") == {}
