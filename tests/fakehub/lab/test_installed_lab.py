"""``fakehub lab`` of the installed wheel: notebooks run to the end in a browser, and Ctrl+C leaves nothing behind."""

import subprocess
from urllib.parse import urlsplit

import nbformat
import psutil
import pytest
from lab_driver import assert_nothing_left, started
from notebook_driver import LONG_MS, code_of, run_all
from playwright.sync_api import expect, sync_playwright
from wheels import build_wheel, clean_environment, find_uv, install, succeed

from fakehub.ports import free_port
from guide.browser.launch import launch

# They open a public archive, count requests to a bucket with a separate HTTP session, and compute on a cluster.
NOTEBOOKS = ("first-plot-of-era5", "choosing-chunks", "server-to-dask-cluster")
CLUSTER = """
from dask_gateway import Gateway

cluster = Gateway().new_cluster()
cluster.scale(1)
cluster.get_client().wait_for_workers(1, timeout=600)
"""


@pytest.fixture(scope="module")
def programs(root, stack, tmp_path_factory):
    """The programs of a new environment that has the wheel with its extra, in locked versions."""
    folder = tmp_path_factory.mktemp("lab")
    export = ("export", "--quiet", "--frozen", "--extra", "lab", "--group", f"stack-{stack}")
    versions = succeed(find_uv(root), *export, "--no-emit-project", "--no-hashes", cwd=root)
    return install(root, build_wheel(root, folder), "lab", versions, folder)


@pytest.fixture(scope="module")
def start(programs, tmp_path_factory):
    """Return a function that starts the lab in a new folder."""

    def start_it():
        # The usual port is that of the labs of other tests, which may stop at any moment.
        command = [programs / "fakehub", "lab", "--no-browser", "--port", str(free_port())]
        return started(command, tmp_path_factory.mktemp("here"), clean_environment())

    return start_it


@pytest.fixture(scope="module")
def lab(start):
    """A running lab for the tests of the module."""
    with start() as running:
        yield running


@pytest.fixture(scope="module")
def browser():
    """A browser without the stand-in's certificates and variables, as the reader's."""
    with sync_playwright() as playwright:
        running = launch(playwright)
        yield running
        running.close()


@pytest.fixture
def page(browser):
    """A page of a new browser."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


def open_notebook(page, lab, name):
    """Open a notebook of the lab's folder, with the address that the lab printed, and wait for its tab."""
    address = urlsplit(lab.address)
    page.goto(address._replace(path=f"{address.path}/{name}").geturl())
    expect(page.get_by_role("tab", name=name)).to_be_visible(timeout=LONG_MS)


def errors_in(notebook):
    """Return the errors that cells of a notebook raised."""
    outputs = [output for cell in code_of(notebook) for output in cell.outputs]
    return [f"{output.ename}: {output.evalue}" for output in outputs if output.output_type == "error"]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs_to_the_end(lab, page, name):
    open_notebook(page, lab, f"{name}.ipynb")

    ran = run_all(page, lab.folder / "notebooks" / f"{name}.ipynb")

    assert errors_in(ran) == []
    assert any("image/png" in output.get("data", {}) for cell in code_of(ran) for output in cell.outputs)


def test_ctrl_c_ends_a_notebooks_cluster_and_leaves_the_notebooks(start, page):
    with start() as lab:
        cell = nbformat.v4.new_code_cell(CLUSTER)
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        notebook = nbformat.v4.new_notebook(cells=[cell], metadata={"kernelspec": kernel})
        file = lab.folder / "notebooks" / "cluster.ipynb"
        nbformat.write(notebook, file)
        open_notebook(page, lab, file.name)
        ran = run_all(page, file)
        processes = [*lab.processes(), *of_session(lab)]
        status, output = lab.stop()

    assert errors_in(ran) == []
    # The lab, the stand-in's server, JupyterLab, the kernel; Dask Gateway, its proxy, a scheduler and a worker.
    assert len({process.pid for process in processes}) >= 8
    assert status == 0
    assert f"Stopped. Your notebooks are in {lab.folder}." in output
    assert_nothing_left(lab, processes)
    assert file.is_file()


def of_session(lab):
    """Return the processes that belong to the lab's session by their environment."""
    (folder,) = lab.temporary.glob("fakehub-*")
    found = []
    for process in psutil.process_iter():
        try:
            found += [process] if process.environ().get("FAKEHUB_SESSION") == str(folder) else []
        except (psutil.Error, OSError):
            continue
    return found


def test_the_packages_of_the_extra_fit_together(programs, root, tmp_path):
    check = [find_uv(root), "pip", "check", "--python", programs / "python"]

    ran = subprocess.run(check, cwd=tmp_path, env=clean_environment(), capture_output=True, text=True, timeout=60)

    assert ran.returncode == 0, ran.stderr
