"""The files of the packs: no tests and no parts that need what a browser lacks, and everything that runs."""

from __future__ import annotations

import io
import shutil
from datetime import datetime
from pathlib import Path

import dateutil.zoneinfo
import pytest

from guide.live.stage import content_of, is_left_out_of_library, packed_files
from tests.fakehub.browser import in_browser

KEPT = {
    "compiled": ["numpy/__init__.py", "numpy/_core/multiarray.so", "numpy-2.4.dist-info/METADATA"],
    "pure": [
        *("xarray/core/dataset.py", "xarray/testing/assertions.py", "xarray/static/css/style.css"),
        *("dask/dask.yaml", "dask/widgets/templates/array.html.j2", "xarray-2025.dist-info/entry_points.txt"),
        *("zarr/testing.py", "tlz/__init__.py", "six.py", "google/auth/default.py", "packaging/version.py"),
    ],
    "figures": ["matplotlib/mpl-data/fonts/ttf/DejaVuSans.ttf", "matplotlib/backends/backend_agg.py"],
    "client": ["google/cloud/storage/blob.py", "google/protobuf/message.py"],
}
LEFT_OUT = {
    "compiled": ["numpy/tests/test_a.py", "numpy/_core/include/numpy/arrayobject.h", "numpy/f2py/rules.py"],
    "pure": [
        *("xarray/tests/__init__.py", "xarray/core/types.pyi", "dask/dataframe/core.py", "xarray/py.typed"),
        *("bin/dask", "xarray-2025.dist-info/RECORD", "IPython/core/shell.py", "certifi/cacert.pem"),
        *("yaml/_yaml.cpython-311-x86_64-linux-gnu.so", "conftest.py", "zarr/__pycache__/a.pyc", "README.md"),
        *("google/auth/crypt/rsa.py", "packaging/licenses/_spdx.py", "fsspec/implementations/sftp.py"),
        *("google/auth/external_account.py", "dask/bag/core.py", "zarr/testing/store.py"),
    ],
    "figures": ["matplotlib/mpl-data/sample_data/a.csv", "matplotlib/backends/backend_qt5.py", "PIL/ImageQt.py"],
    "client": [
        *("google/pubsub/__init__.py", "google/protobuf/compiler/plugin.py", "proto/message.py"),
        *("google/cloud/_storage_v2/types.py", "google/api_core/bidi.py", "google/api_core/retry_async.py"),
    ],
}


@pytest.fixture
def packs(tmp_path):
    """The packs of a site with these files."""
    for files in (KEPT, LEFT_OUT):
        for folder, names in files.items():
            for name in names:
                (tmp_path / folder / name).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / folder / name).write_text("")
    pretty = tmp_path / "pure/IPython/lib/pretty.py"
    pretty.parent.mkdir(parents=True)
    pretty.write_text("")
    # Found in two folders; the first pack has it.
    (tmp_path / "figures/six.py").write_text("")
    return packed_files(tmp_path)


def test_a_pack_has_what_runs_and_nothing_else(packs):
    assert set(packs["packages"]) == {*KEPT["compiled"], *KEPT["pure"], "ipython_pretty.py"}
    assert set(packs["figures"]) == set(KEPT["figures"])
    assert set(packs["client"]) == set(KEPT["client"])


def test_what_only_figures_need_of_a_package_is_in_their_pack(tmp_path):
    for name in ("pandas/plotting/_core.py", "pandas/plotting/_matplotlib/core.py"):
        (tmp_path / "compiled" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "compiled" / name).touch()

    packs = packed_files(tmp_path)

    assert "pandas/plotting/_core.py" in packs["packages"]
    assert list(packs["figures"]) == ["pandas/plotting/_matplotlib/core.py"]


def test_the_text_about_a_package_and_docstrings_of_c_are_left_out(tmp_path):
    file = tmp_path / "file"
    file.write_text("Name: zarr\nVersion: 3.1.5\n\n# Zarr\n\nA long text.\n")

    assert content_of("zarr-3.1.5.dist-info/METADATA", file) == b"Name: zarr\nVersion: 3.1.5\n"
    assert content_of("numpy/_core/_add_newdocs.py", file) == b""
    assert content_of("zarr/core.py", file) == file.read_bytes()


def test_dateutil_knows_utc_and_no_other_zone(tmp_path, monkeypatch):
    whole = Path(dateutil.zoneinfo.__file__).with_name("dateutil-zoneinfo.tar.gz")
    few = content_of("dateutil/zoneinfo/dateutil-zoneinfo.tar.gz", whole)

    zones = dateutil.zoneinfo.ZoneInfoFile(io.BytesIO(few)).zones

    assert {"UTC", "Etc/UTC", "Etc/GMT"} <= set(zones) and len(zones) < 8
    assert zones["UTC"].utcoffset(datetime(2000, 1, 1)).total_seconds() == 0
    assert few == content_of("dateutil/zoneinfo/dateutil-zoneinfo.tar.gz", whole)


def test_time_zones_are_on_every_page_because_pandas_reads_them(tmp_path):
    zones = "dateutil/zoneinfo/dateutil-zoneinfo.tar.gz"
    (tmp_path / "pure" / zones).parent.mkdir(parents=True)
    (tmp_path / "pure" / zones).write_text("")

    assert zones in packed_files(tmp_path)["packages"]


@pytest.mark.parametrize(
    ("name", "left_out"),
    [
        *[
            (f"encodings/{name}.py", False)
            for name in ("__init__", "utf_8", "utf_16_le", "latin_1", "iso8859_1", "idna")
        ],
        *[(f"encodings/{name}.py", True) for name in ("iso8859_15", "big5", "mac_roman", "cp1251")],
        *[(name, False) for name in ("json/decoder.py", "xml/etree/ElementTree.py", "http/client.py", "doctest.py")],
        *[(name, False) for name in ("unittest/case.py", "multiprocessing/context.py", "ttyaccess.py")],
        *[(name, True) for name in ("xml/sax/handler.py", "pdb.py", "_pyrepl/reader.py", "http/server.py", "tty.py")],
    ],
)
def test_of_the_standard_library_what_can_be_used_in_a_browser_is_kept(name, left_out):
    assert is_left_out_of_library(name) == left_out


def test_files_are_where_the_packs_say(packs):
    assert [path for files in packs.values() for path in files.values() if not path.is_file()] == []


def test_the_stand_in_of_the_pack_runs_without_the_rest_of_the_project(packs, tmp_path):
    code = tmp_path / "code"
    for name, path in packs["hub"].items():
        (code / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, code / name)
    program = """
    import fakehub
    results["file"] = fakehub.__file__
    results["server"] = error_of(__import__, "fakehub.server")
    run("import gcsfs, os\\nfs = gcsfs.GCSFileSystem()\\nfs.pipe(os.environ['SCRATCH_BUCKET'] + '/a', b'x')")
    results["cat"] = run("fs.cat(os.environ['SCRATCH_BUCKET'] + '/a')")
    results["checks"] = error_of(__import__, "guide.run.kernel_checks")
    results["pictures"] = error_of(__import__, "guide.run.kernel_pictures")
    """
    found = in_browser.run(program, tmp_path, in_browser.PAGE, code=code)

    assert found["file"] == str(code / "fakehub/__init__.py")
    assert found["server"].startswith("ModuleNotFoundError")
    assert found["cat"][-1]["data"]["text/plain"] == "b'x'"
    assert (found["checks"], found["pictures"]) == (None, None)
