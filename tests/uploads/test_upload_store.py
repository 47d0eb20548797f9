"""The upload script: what it writes, skips and repairs, and how it ends."""

import json
import shutil

import h5py
import numpy as np
import pytest
import xarray as xr
from comparing import assert_same, opened
from source_files import months
from upload_world import BUCKET, SECRETS, USER

SMALL = ("--chunks", "time=1")


@pytest.fixture
def target(request) -> tuple[str, str]:
    """The address of a new store, and the prefix of its objects."""
    prefix = f"{USER}/{request.node.name.replace('[', '-').replace(']', '')}/months.zarr/"
    return f"gs://{BUCKET}/{prefix.rstrip('/')}", prefix


def test_the_store_is_what_the_files_are(cloud, uploader, target, sources):
    url, prefix = target

    status, printed, error = uploader(*sources, url, *SMALL)

    assert (status, error) == (0, "")
    assert printed.splitlines()[-1].startswith("verified: ")
    assert_same(cloud.stored(prefix), sources)


def test_files_may_come_in_any_order(cloud, uploader, target, sources):
    assert uploader(*reversed(sources), target[0])[0] == 0
    assert_same(cloud.stored(target[1]), sources)


def test_a_local_zarr_store_is_a_source(cloud, uploader, target, tmp_path):
    dataset = xr.Dataset({"t": (("x", "y"), np.arange(12.0).reshape(3, 4), {"units": "K"})}, {"x": [1, 2, 3]})
    dataset.to_zarr(tmp_path / "local.zarr", zarr_format=3, consolidated=True)

    assert uploader(tmp_path / "local.zarr", target[0])[0] == 0
    xr.testing.assert_identical(opened(cloud.stored(target[1])), dataset)


def test_variables_bring_their_coordinates(cloud, uploader, target, sources):
    assert uploader(*sources, target[0], "--variables", "rain")[0] == 0
    assert set(opened(cloud.stored(target[1])).variables) == {"rain", "time", "lat", "lon"}


def test_chunks_are_as_large_as_asked_for(cloud, uploader, target, sources):
    assert uploader(*sources, target[0], "--chunk-mb", "0.001")[0] == 0
    names = [name for name in cloud.stored(target[1]) if name.startswith("air/c/")]
    # A step has 432 bytes, so two steps fit into 1000.
    assert sorted(names) == sorted(f"air/c/{number}/0/0" for number in range(6))


def test_a_second_start_writes_nothing_and_verifies_again(cloud, uploader, target, sources):
    uploader(*sources, target[0], *SMALL)
    cloud.writes(target[1])

    status, printed, _ = uploader(*sources, target[0], *SMALL)

    assert status == 0
    assert cloud.writes(target[1]) == {}
    assert "0 to send" in printed and printed.splitlines()[-1].startswith("verified: ")


def test_without_its_manifest_it_writes_nothing_twice_either(cloud, uploader, target, sources, tmp_path):
    uploader(*sources, target[0], *SMALL)
    (tmp_path / "months.zarr.manifest").unlink()
    cloud.writes(target[1])

    assert uploader(*sources, target[0], *SMALL)[0] == 0
    assert cloud.writes(target[1]) == {}


OBJECTS = ["air/c/3/0/0", "lat/c/0", "rain/zarr.json"]


@pytest.mark.parametrize("name", OBJECTS)
def test_what_is_missing_is_written_again_and_nothing_else(cloud, uploader, target, sources, name):
    uploader(*sources, target[0], *SMALL)
    cloud.tamper(target[1] + name, None)
    cloud.writes(target[1])

    assert uploader(*sources, target[0], *SMALL)[0] == 0
    assert cloud.writes(target[1]) == {name: 1}
    assert_same(cloud.stored(target[1]), sources)


@pytest.mark.parametrize("has_manifest", [True, False], ids=["with its manifest", "without"])
@pytest.mark.parametrize("name", OBJECTS)
def test_what_another_program_changed_is_not_overwritten(
    cloud, uploader, target, sources, tmp_path, name, has_manifest
):
    uploader(*sources, target[0], *SMALL)
    cloud.tamper(target[1] + name, b"corrected")
    if not has_manifest:
        (tmp_path / "months.zarr.manifest").unlink()
    cloud.writes(target[1])

    status, _, error = uploader(*sources, target[0], *SMALL)

    assert (status, cloud.writes(target[1])) == (1, {})
    assert f"1 objects were changed by another program, such as {name}, and were not overwritten: " in error
    cloud.tamper(target[1] + name, None)
    assert uploader(*sources, target[0], *SMALL)[0] == 0
    assert_same(cloud.stored(target[1]), sources)


def test_a_manifest_that_was_torn_is_read_as_far_as_it_goes(cloud, uploader, target, sources, tmp_path):
    uploader(*sources, target[0], *SMALL)
    manifest = tmp_path / "months.zarr.manifest"
    manifest.write_bytes(manifest.read_bytes()[:-20])
    cloud.writes(target[1])

    assert uploader(*sources, target[0], *SMALL)[0] == 0
    assert cloud.writes(target[1]) == {}
    assert all(json.loads(line) for line in manifest.read_text().split("\n") if line.endswith("}"))


def changed(path, by):
    """Add ``by`` to one value of a file in place."""
    with h5py.File(path, "r+") as file:
        file["air"][2, 3, 4] += by


def test_a_source_that_changed_meanwhile_is_another_one(cloud, uploader, target, tmp_path):
    paths = months(tmp_path / "own")
    uploader(*paths, target[0], *SMALL)
    changed(paths[1], by=1)
    cloud.writes(target[1])

    status, _, error = uploader(*paths, target[0], *SMALL)

    assert (status, cloud.writes(target[1])) == (1, {})
    assert "was started with other files or other chunks: choose another name" in error


def test_a_change_deep_inside_a_large_file_is_found_and_sent(cloud, uploader, target, tmp_path):
    values = np.zeros((6, 100, 100))
    dataset = xr.Dataset({"air": (("time", "lat", "lon"), values)}, {"time": np.arange(6)})
    dataset.to_netcdf(tmp_path / "large.nc", engine="h5netcdf")
    uploader(tmp_path / "large.nc", target[0], *SMALL)
    changed(tmp_path / "large.nc", by=1)
    cloud.writes(target[1])

    assert uploader(tmp_path / "large.nc", target[0], *SMALL)[0] == 0
    assert cloud.writes(target[1]) == {"air/c/2/0/0": 1}
    assert_same(cloud.stored(target[1]), [tmp_path / "large.nc"])


def test_of_two_that_begin_different_stores_at_once_one_stands_back(cloud, uploader, target, sources, tmp_path):
    paths = months(tmp_path / "own")
    changed(paths[1], by=1)
    cloud.control.add_fault(effect="stall", seconds=4, method="PUT", nth=1)
    variables = {"GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "credentials.json")}
    first = cloud.start(tmp_path, *sources, target[0], *SMALL, **variables)
    cloud.until_struck(first)

    assert uploader(*paths, target[0], *SMALL, "--manifest", tmp_path / "other")[0] == 0

    assert first.wait() == 1
    assert (
        first.error == f"upload_store.py: {target[0]}: somebody else has started another store: choose another name\n"
    )
    assert_same(cloud.stored(target[1]), paths)


def test_a_token_in_a_file_is_enough(cloud, uploader, target, sources, tmp_path):
    token = tmp_path / "token.txt"
    token.write_text(cloud.log_in()["access_token"] + "\n")
    token.chmod(0o600)

    ran = uploader(*sources, target[0], "--token-file", token, GOOGLE_APPLICATION_CREDENTIALS="/nowhere")

    assert ran[0] == 0
    assert_same(cloud.stored(target[1]), sources)


def test_an_expired_token_is_one_line_and_a_new_one_goes_on(cloud, uploader, target, sources, tmp_path):
    token = tmp_path / "token.txt"
    tokens = cloud.log_in()
    token.write_text(tokens["access_token"])
    token.chmod(0o600)
    # Stall a chunk, after the metadata is written, until the token has been revoked.
    cloud.control.add_fault(effect="stall", seconds=1, method="PUT", nth=15)
    running = cloud.start(tmp_path, *sources, target[0], *SMALL, "--token-file", token)
    cloud.until_struck(running)
    cloud.revoke(tokens["access_token"])

    assert running.wait() == 1
    assert running.error == (
        f"upload_store.py: the token in {token} is no longer accepted: "
        "put a new one there, and run the same command again\n"
    )
    token.write_text(cloud.log_in()["access_token"])
    status, printed, _ = uploader(*sources, target[0], *SMALL, "--token-file", token)
    assert status == 0
    assert not printed.splitlines()[3].startswith("0 of ")
    assert_same(cloud.stored(target[1]), sources)


def test_a_login_that_ends_meanwhile_is_renewed(cloud, uploader, target, sources, tmp_path):
    cloud.control.add_fault(effect="stall", seconds=1, method="PUT", nth=6)
    variables = {"GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "credentials.json")}
    running = cloud.start(tmp_path, *sources, target[0], *SMALL, **variables)
    cloud.until_struck(running)
    cloud.control.advance(3700)

    assert running.wait() == 0
    assert_same(cloud.stored(target[1]), sources)


def test_two_copies_side_by_side_write_everything_once(cloud, uploader, target, sources, tmp_path):
    variables = {"GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "credentials.json")}
    cloud.writes(target[1])

    both = [
        cloud.start(tmp_path, *sources, target[0], *SMALL, "--manifest", tmp_path / name, **variables)
        for name in ("one", "other")
    ]

    assert [running.wait() for running in both] == [0, 0]
    assert set(cloud.writes(target[1]).values()) == {1}
    assert_same(cloud.stored(target[1]), sources)


def test_a_second_copy_with_the_same_manifest_stands_back(cloud, uploader, target, sources, tmp_path):
    cloud.control.add_fault(effect="stall", seconds=3, method="PUT", nth=3)
    variables = {"GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "credentials.json")}
    first = cloud.start(tmp_path, *sources, target[0], *SMALL, **variables)
    cloud.until_struck(first)

    status, _, error = uploader(*sources, target[0], *SMALL)

    assert (status, len(error.splitlines())) == (1, 1)
    assert "another copy of this script is working on this upload" in error
    assert first.wait() == 0


def test_nobodys_token_is_printed_or_noted(cloud, uploader, target, sources, tmp_path):
    cloud.control.add_fault(effect="reset", method="PUT", every=5)
    uploader(*sources, target[0], *SMALL)
    shutil.rmtree(tmp_path / "own", ignore_errors=True)

    written = [file for file in tmp_path.iterdir() if file.name != "credentials.json"]
    assert not [file for file in written for secret in SECRETS if secret in file.read_text()]


def test_help_names_the_options(uploader):
    status, printed, _ = uploader("--help")

    assert status == 0
    for option in ("--along", "--variables", "--chunk-mb", "--workers", "--token-file", "--manifest", "gs://BUCKET"):
        assert option in printed
