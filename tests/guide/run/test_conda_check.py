"""Commands of conda that pages show and cannot run: the environments that they make and use."""

from __future__ import annotations

import pytest

from guide.run.conda_check import CondaError, check_conda

MAKES = "conda env create --file environment.yml"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "environment.yml").write_text("name: ocean\nchannels: [conda-forge]\ndependencies: [zarr >=3.1]\n")
    (tmp_path / "nameless.yml").write_text("channels: [conda-forge]\ndependencies: [zarr >=3.1]\n")
    return tmp_path


@pytest.mark.parametrize(
    "lines",
    [
        (MAKES, "conda activate ocean", "conda install --name ocean --channel conda-forge xarray"),
        (MAKES + " --name other", "conda activate other"),
        ("conda create --name other xarray", "mamba install -n other zarr", "conda activate base"),
        ("conda env create --file nameless.yml --prefix ./env",),
        ("conda env create --file nameless.yml --name other", "conda env update --name other --file nameless.yml"),
        # Made on another page, from the file that readers download.
        ("conda activate hub",),
    ],
)
def test_an_environment_that_exists_is_accepted(folder, lines):
    made = set()
    for line in lines:
        check_conda(line, folder, made)


@pytest.mark.parametrize(
    ("lines", "used"),
    [
        ((MAKES, "conda activate hub"), "hub"),
        ((MAKES + " --name other", "conda activate ocean"), "ocean"),
        ((MAKES, "conda install --name ocaen zarr"), "ocaen"),
        ((MAKES, "conda env update --name hub --file nameless.yml"), "hub"),
        (("conda create -n other zarr", "conda env remove --name ocean"), "ocean"),
        (("conda env update --file environment.yml",), "ocean"),
        (("conda activate leap-hub",), "leap-hub"),
    ],
)
def test_an_environment_that_nothing_makes_is_refused(folder, lines, used):
    with pytest.raises(CondaError, match=f"uses the environment '{used}', but the page has only "):
        check_conda("\n".join(lines), folder, set())


def test_an_environment_without_a_name_is_refused(folder):
    with pytest.raises(CondaError, match="makes an environment without a name"):
        check_conda("conda env create --file nameless.yml", folder, set())


@pytest.mark.parametrize("spec", ["zarr >=30.1", "xarray>=2135.1"])
def test_a_version_that_no_page_ran_with_is_refused(folder, spec):
    (folder / "newer.yml").write_text(f"name: ocean\nchannels: [conda-forge]\ndependencies: ['{spec}']\n")

    with pytest.raises(CondaError, match="but this page was tested with"):
        check_conda("conda env create --file newer.yml", folder, set())
