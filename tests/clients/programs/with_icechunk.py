"""Icechunk, which keeps versions of a Zarr store and relies on the bucket's preconditions only."""

import datetime

import icechunk
import numpy as np
import xarray as xr
import zarr
from column import READ_ONLY, SCRATCH, Column, Place, error_of

column = Column("icechunk", icechunk.__version__, "`from_env=True`")
data = xr.Dataset({"sst": (("time", "x"), np.random.default_rng(7).random((8, 5000)))})


def storage(at: Place, bucket: str = SCRATCH) -> icechunk.Storage:
    return icechunk.gcs_storage(bucket=bucket, prefix=at.name("repo"), from_env=True)


def with_data(at: Place) -> icechunk.Repository:
    """Create a repository with one commit."""
    repository = icechunk.Repository.create(storage(at))
    session = repository.writable_session("main")
    store(data, session)
    session.commit("first")
    return repository


def store(frame: xr.Dataset, session: icechunk.Session, **options: str) -> None:
    frame.to_zarr(session.store, consolidated=False, **options)


def opened(repository: icechunk.Repository, **version: str) -> xr.Dataset:
    session = repository.readonly_session(**version)
    return xr.open_zarr(session.store, consolidated=False).load()


@column.operation
def commit(at: Place):
    with_data(at)
    again = icechunk.Repository.open(storage(at))
    xr.testing.assert_identical(opened(again, branch="main"), data)
    assert [snapshot.message for snapshot in again.ancestry(branch="main")] == ["first", "Repository initialized"]


@column.operation
def versions(at: Place):
    repository = with_data(at)
    repository.create_tag("v1", snapshot_id=repository.lookup_branch("main"))
    session = repository.writable_session("main")
    store(data * 2, session, mode="w")
    session.commit("second")
    xr.testing.assert_identical(opened(repository, tag="v1"), data)
    xr.testing.assert_identical(opened(repository, branch="main"), data * 2)


@column.operation
def append_version(at: Place):
    repository = with_data(at)
    session = repository.writable_session("main")
    store(data, session, append_dim="time")
    session.commit("more")
    assert opened(repository, branch="main").sizes["time"] == 16


@column.operation
def conflict(at: Place):
    repository = with_data(at)
    one, other = (repository.writable_session("main") for _ in range(2))
    for session, value in ((one, 1.0), (other, 2.0)):
        zarr.open_group(session.store)["sst"][0] = value
    one.commit("one")
    error = error_of(icechunk.ConflictError, "", lambda: other.commit("other"))
    assert opened(repository, branch="main").sst[0, 0] == 1.0
    return error


@column.operation
def expire(at: Place):
    repository = with_data(at)
    now = datetime.datetime.now(datetime.UTC)
    repository.garbage_collect(now)
    xr.testing.assert_identical(opened(repository, branch="main"), data)


@column.operation
def missing_repository(at: Place):
    return error_of(icechunk.IcechunkError, "", lambda: icechunk.Repository.open(storage(at)))


@column.operation
def forbidden_repository(at: Place):
    return error_of(icechunk.IcechunkError, "403", lambda: icechunk.Repository.create(storage(at, READ_ONLY)))


column.run()
