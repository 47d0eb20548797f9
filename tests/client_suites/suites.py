"""The test suites of clients: where each comes from, and how it is run against the stand-in."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

# How long one suite may take.
SECONDS = 3000
ADAPTED = Path(__file__).parent / "adapted"
# A bucket of the facts for suites that make none, and names of buckets that suites make.
BUCKET = "leap-persistent"
_GOOGLE = "https://storage.googleapis.com"
_GCSFS = {
    "GCSFS_TEST_PROJECT": "leap-pangeo",
    "GCSFS_TEST_BUCKET": "gcsfs-test",
    "GCSFS_TEST_VERSIONED_BUCKET": "gcsfs-test-versioned",
    "GCSFS_HNS_TEST_BUCKET": "gcsfs-test-hierarchical",
    "GCSFS_ZONAL_TEST_BUCKET": "gcsfs-test-zonal",
}
# Suites of coroutines. fsspec keeps connections, which need one event loop for all tests.
_ASYNC = [
    "-o",
    "asyncio_mode=auto",
    "-o",
    "asyncio_default_fixture_loop_scope=session",
    "-o",
    "asyncio_default_test_loop_scope=session",
]
# Files of Icechunk's tests that need MinIO, the machines of its authors or stores of an older release ...
_NOT_OF_ICECHUNK = ("run_xarray_backends_tests", "test_can_read_old", "test_config", "test_credentials")
_NOT_OF_ICECHUNK += ("test_regressions", "test_virtual_ref")
# ... and those that take long.
_NOT_OF_ICECHUNK += ("test_concurrency", "test_dask", "test_distributed_append", "test_distributed_writers", "test_gc")
_NOT_OF_ICECHUNK += ("test_stateful_repo_ops", "test_zarr/test_stateful")


@dataclass(frozen=True)
class Suite:
    """One suite. ``package`` is the client's; ``folder`` is where its source distribution has the tests, if it has any.

    ``copied`` are this project's files that are put beside them, ``run`` are the tests and options for pytest.
    ``says`` is where the tests come from, for the table. A suite of Node.js has ``node``, and pytest does not run it.
    A suite with ``beside_wheel`` runs in an environment that has the wheel and these packages but no checkout, against
    ``fakehub serve``.
    """

    name: str
    package: str
    says: str
    folder: str = ""
    copied: dict[str, Path] = field(default_factory=dict)
    run: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    node: bool = False
    beside_wheel: tuple[str, ...] = ()


_GCSFS_TESTS = ("gcsfs/tests", "--ignore=gcsfs/tests/perf", *_ASYNC[:2])

SUITES = (
    Suite(
        "gcsfs",
        "gcsfs",
        "all tests of its source distribution but the benchmarks",
        folder="gcsfs",
        run=_GCSFS_TESTS,
        environment=_GCSFS | {"STORAGE_EMULATOR_HOST": _GOOGLE},
    ),
    Suite(
        "gcsfs-wheel",
        "gcsfs",
        "the same, with nothing but the wheel, gcsfs and pytest: no checkout, no facts and no token, over plain HTTP",
        folder="gcsfs",
        run=_GCSFS_TESTS,
        environment=_GCSFS | {"GCSFS_TEST_PROJECT": "test-project"},
        beside_wheel=("pytest", "pytest-asyncio", "pytest-timeout"),
    ),
    Suite(
        "google-cloud-storage",
        "google-cloud-storage",
        "the system tests of its source distribution",
        folder="tests",
        run=("tests/system",),
        environment={"GOOGLE_CLOUD_PROJECT": "leap-pangeo", "GOOGLE_CLOUD_TESTS_USER_PROJECT": "leap-pangeo"},
    ),
    Suite(
        "zarr",
        "zarr",
        "`zarr.testing.store.StoreTests` of the package, for `FsspecStore` and `ObjectStore`",
        copied={"zarr_stores.py": ADAPTED / "zarr_stores.py"},
        run=("zarr_stores.py", *_ASYNC),
        environment={"SUITE_BUCKET": BUCKET},
    ),
    Suite(
        "xarray",
        "xarray",
        "`ZarrBase` of the package's `test_backends`, by address and with obstore",
        copied={"xarray_stores.py": ADAPTED / "xarray_stores.py"},
        run=("xarray_stores.py",),
        environment={"SUITE_BUCKET": BUCKET},
    ),
    Suite(
        "icechunk",
        "icechunk",
        "the Python tests of its source distribution, with repositories in the bucket instead of memory, without the "
        "files that need MinIO or stores of an older release, and those that take over five minutes",
        folder="icechunk-python/tests",
        copied={"tests/conftest.py": ADAPTED / "icechunk_conftest.py"},
        run=("tests", *(f"--ignore=tests/{name}.py" for name in _NOT_OF_ICECHUNK), *_ASYNC[:2]),
        environment={"SUITE_BUCKET": BUCKET},
    ),
    Suite(
        "obstore",
        "obstore",
        "ours: no distribution has its tests",
        copied={"obstore_suite.py": ADAPTED / "obstore_suite.py"},
        run=("obstore_suite.py", *_ASYNC),
        environment={"SUITE_BUCKET": BUCKET},
    ),
    Suite(
        "@google-cloud/storage for Node",
        "@google-cloud/storage",
        "ours: no package has its tests",
        copied={"node_suite.mjs": ADAPTED / "node_suite.mjs"},
        run=("node_suite.mjs",),
        environment={"GOOGLE_CLOUD_PROJECT": "leap-pangeo"},
        node=True,
    ),
)
