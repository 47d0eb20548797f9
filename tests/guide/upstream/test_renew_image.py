"""``make image``: the pins of the stack *hub* follow the packages of another tag, as far as PyPI has them."""

import shutil
import subprocess
import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from guide.facts import load
from guide.upstream.pins import pins
from guide.upstream.renew_image import renew_image
from guide.upstream.settings import UpstreamError

OLD, NEW = "2026.01.30", "2026.09.15"
FILES = ("pyproject.toml", "environment.yml", "hub.yml")
# What a made-up newer image has instead.
CHANGES = {
    "xarray": "2026.8.0",
    "matplotlib-base": "3.11.2",
    "netcdf4": "1.8.0",
    "dask": "2026.9.1",  # PyPI has 2026.9.0 only
    "zarr": "3.2.0",  # PyPI has no newer one than 3.1.5
    "h5py": "3.15.2",  # held
    "tqdm": None,
    "python": "3.13.7",
}
OF_ML = {"tqdm": None, "jax": "0.8.1", "optax": "0.2.6"}
ON_PYPI = {"xarray": "2026.8.0", "matplotlib": "3.11.2", "netcdf4": "1.8.0", "dask": "2026.9.0", "jax": "0.8.1"}


@pytest.fixture
def checkout(root, tmp_path):
    """A copy of the files that name the image, in a repository."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    for name in FILES:
        shutil.copy(root / name, folder)
    for command in (["init", "-q"], ["add", "."]):
        subprocess.run(["git", "-C", str(folder), *command], check=True)
    return folder


@pytest.fixture
def lists(root, tmp_path):
    """The lists of the tested tag, and those of a made-up newer one."""
    folder = shutil.copytree(root / "tests/guide/upstream/lists", tmp_path / "lists")
    for image, changes in {"pangeo-notebook": CHANGES, "ml-notebook": OF_ML}.items():
        lines = (folder / f"{image}-{OLD}-packages.txt").read_text().splitlines()
        kept = [line for line in lines if line.partition("==")[0] not in changes]
        kept += [f"{name}=={version}" for name, version in changes.items() if version]
        (folder / f"{image}-{NEW}-packages.txt").write_text("\n".join(kept) + "\n")
    (folder / f"pytorch-notebook-{NEW}-packages.txt").write_text("pytorch==2.12.0\n")
    return folder


@pytest.fixture(autouse=True)
def index(root, tmp_path, monkeypatch):
    """A folder of empty packages, which uv reads instead of PyPI: the pinned versions, and some newer ones."""
    folder = tmp_path / "index"
    folder.mkdir()
    pinned = [(pin.name, pin.version) for pin in pins((root / "pyproject.toml").read_text())]
    for name, version in [*pinned, *ON_PYPI.items()]:
        file = name.replace("-", "_").lower()
        with zipfile.ZipFile(folder / f"{file}-{version}-py3-none-any.whl", "w") as wheel:
            info = f"{file}-{version}.dist-info"
            wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{info}/RECORD", "")
    settings = tmp_path / "uv.toml"
    settings.write_text(f'no-index = true\nfind-links = ["{folder}"]\n')
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("UV_CONFIG_FILE", str(settings))
    return folder


@pytest.fixture(scope="module")
def facts(root):
    return load(root / "hub.yml")


def texts(folder):
    return {name: (folder / name).read_text() for name in FILES}


def changed_lines(folder):
    done = subprocess.run(["git", "-C", str(folder), "diff", "-U0"], capture_output=True, text=True, check=True)
    return [line for line in done.stdout.splitlines() if line[0] in "+-" and line[:3] not in ("+++", "---")]


def test_the_pins_are_those_of_the_tested_image(root, checkout, lists, facts, capsys):
    assert renew_image(checkout, facts, OLD, lists) == 0

    assert texts(checkout) == texts(root)
    assert capsys.readouterr().out.splitlines() == [
        "2026.01.30: 0 of 36 versions changed",
        "h5py: stays 3.14.0, because the image has 3.15.1, whose wheel loads netCDF4's HDF5 as its own "
        "(HDFGroup/hdf5#6268); still true?",
    ]


def test_the_pins_follow_a_newer_image(checkout, lists, facts, capsys):
    assert renew_image(checkout, facts, NEW, lists) == 0

    lines = changed_lines(checkout)
    assert [line for line in lines if line[0] == "+" and "==" in line] == [
        '+  "dask==2026.9.0", # the image has 2026.9.1, which PyPI does not have',
        '+  "h5py==3.14.0", # the image has 3.15.2, whose wheel loads netCDF4\'s HDF5 as its own (HDFGroup/hdf5#6268)',
        '+  "matplotlib==3.11.2",',
        '+  "netCDF4==1.8.0", # xarray\'s first choice for NetCDF files, so readers see its errors',
        '+  "xarray==2026.8.0",',
        '+  "zarr==3.1.5", # the image has 3.2.0, which PyPI does not have',
        '+  "jax==0.8.1", # trains a network, on a GPU if there is one',
    ]
    assert {line.partition("=")[0]: line.partition("=")[2] for line in lines if line.startswith("+  - ")} == {
        "+  - python": "3.13",
        "+  - dask": "2026.9.1",
        "+  - h5py": "3.15.2",
        "+  - matplotlib-base": "3.11.2",
        "+  - netcdf4": "1.8.0",
        "+  - xarray": "2026.8.0",
        "+  - zarr": "3.2.0",
    }
    assert [line for line in lines if line[0] == "+" and NEW in line and "==" not in line] == [
        f"+# The software of the hub's image (pangeo-notebook {NEW}) for your laptop or an HPC system:",
        f'+  images: {{what: "pangeo-data/pangeo-docker-images, tag {NEW}, packages.txt", date: "2026-09-15"}}',
        f'+  tested: "pangeo/pangeo-notebook:{NEW}"  # of the versions in pyproject.toml, group stack-hub',
        f"+# The data stack of the hub's image, pangeo-notebook {NEW}: the same versions, so that a page prints here "
        "what it",
        f"+  # From the image for GPUs, ml-notebook {NEW}. PyPI's build is for CPUs only.",
    ]
    assert capsys.readouterr().out.splitlines() == [
        f"{NEW}: 5 of 36 versions changed",
        "dask: 2026.1.1 -> 2026.9.0",
        "matplotlib: 3.10.8 -> 3.11.2",
        "netCDF4: 1.7.4 -> 1.8.0",
        "xarray: 2025.12.0 -> 2026.8.0",
        "jax: 0.7.2 -> 0.8.1",
        "dask: not on PyPI in version 2026.9.1 for the oldest Python; it is 2026.9.0",
        "h5py: stays 3.14.0, because the image has 3.15.2, whose wheel loads netCDF4's HDF5 as its own "
        "(HDFGroup/hdf5#6268); still true?",
        "tqdm: in no image of this tag; it stays 4.67.1. Remove it if no page needs it",
        "zarr: not on PyPI in version 3.2.0 for the oldest Python; it is 3.1.5",
    ]


def test_back_at_the_older_tag_the_files_are_as_before(root, checkout, lists, facts):
    renew_image(checkout, facts, NEW, lists)
    renew_image(checkout, load(checkout / "hub.yml"), OLD, lists)

    before, after = texts(root), texts(checkout)
    assert after["pyproject.toml"] == before["pyproject.toml"]
    assert after["environment.yml"] == before["environment.yml"]
    assert load(checkout / "hub.yml").images == facts.images


def test_a_file_that_still_names_the_older_tag_is_reported(checkout, lists, facts, capsys):
    (checkout / "NOTES.md").write_text(f"Since {OLD}\n")
    (checkout / "CHANGELOG.md").write_text(f"Since {OLD}\n")
    subprocess.run(["git", "-C", str(checkout), "add", "."], check=True)

    renew_image(checkout, facts, NEW, lists)

    named = [line for line in capsys.readouterr().out.splitlines() if "still names" in line]
    assert named == [f"still names {OLD}: NOTES.md:1"]


def test_lists_are_fetched_if_no_folder_is_named(checkout, lists, facts, capsys):
    handler = partial(SimpleHTTPRequestHandler, directory=str(lists))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        address = f"http://127.0.0.1:{server.server_port}/{{image}}-{{tag}}-packages.txt"
        images = facts.images.model_copy(update={"package_list_url": address})
        assert renew_image(checkout, facts.model_copy(update={"images": images}), NEW, None) == 0
        with pytest.raises(UpstreamError, match=r"404.*name its folder with LISTS="):
            renew_image(checkout, facts.model_copy(update={"images": images}), "2026.10.01", None)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

    assert "xarray: 2025.12.0 -> 2026.8.0" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("tag", "content", "message"),
    [
        ("latest", None, "latest: no tag of the images; write a date as YYYY.MM.DD"),
        ("2026.10.01", None, "has neither pangeo-notebook-2026.10.01-packages.txt nor pangeo-notebook/packages.txt"),
        (NEW, "<!DOCTYPE html>\n", "no list of packages, whose lines are NAME==VERSION"),
        (NEW, "\udcff", "cannot be read as text"),
    ],
)
def test_bad_input_changes_nothing(root, checkout, lists, facts, tag, content, message):
    if content:
        (lists / f"pangeo-notebook-{NEW}-packages.txt").write_text(content, errors="surrogateescape")

    with pytest.raises(UpstreamError, match=message) as raised:
        renew_image(checkout, facts, tag, lists)

    assert "\n" not in str(raised.value)
    assert texts(checkout) == texts(root)


def test_the_command_says_in_one_line_what_is_wrong(guide):
    ran = guide("image", "2026.10.01", "--lists", "nowhere")

    assert ran.returncode == 1
    assert ran.stderr.splitlines() == [
        "image: nowhere: has neither pangeo-notebook-2026.10.01-packages.txt nor pangeo-notebook/packages.txt"
    ]
