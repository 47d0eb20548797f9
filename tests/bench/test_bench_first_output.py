"""How long a browser takes to a first output: of pages whose cell is a script, and without what a machine may lack.

With ``LITE=1``, a real page and JupyterLite are measured once; that needs ``make live``, ``make book`` and the network.
"""

import json
import os
from functools import partial

import pytest

from bench import first_output, jupyterlite, report
from bench.first_output import COLD, OURS, WARM, page_with_cell, run_here, seconds_to_output
from bench.jupyterlite import write_pyodide
from bench.load import LoadError
from bench.samples import Plan, Sampler
from guide.browser.static_server import headers_for, serve
from guide.live.parts import PartsError
from guide.paths import BUILD

ONCE = Plan(rounds=1, seconds=0.05, objects=1, upload_bytes=1)
# A page that looks like one of the guide, and asks another host before it shows its output.
SCRIPTED = """<!DOCTYPE html><title>Page</title><button>Run here</button><div class="guide-live-output"></div><script>
const button = document.querySelector("button");
button.onclick = () => {
  button.textContent = "Run cell 1";
  button.onclick = () => fetch("http://localhost:PORT/").then(() => "answered", () => "refused").then((said) => {
    document.querySelector("div").innerHTML = `<pre class="output">&lt;xarray.Dataset&gt; ${said}</pre>`;
  });
};
</script>"""


@pytest.fixture
def site(tmp_path):
    """A built site with a page that runs in the browser."""
    page = tmp_path / "site" / first_output.PAGE
    page.parent.mkdir(parents=True)
    blocks = "".join(f'<div id="block-{number}"><pre>print({number})</pre></div>' for number in (1, 2))
    page.write_text(f'<html><body><div data-live="page.live.1.json"></div>{blocks}</body></html>')
    data = {"base": "_static/live-1/", "blocks": [{"block": "block-1", "quiet": True}, {"block": "block-2"}]}
    page.with_name("page.live.1.json").write_text(json.dumps(data | {"exercises": [{"question": 0}]}))
    return tmp_path / "site"


def test_a_first_and_a_second_visit_are_measured_and_reach_this_server_only(tmp_path):
    (tmp_path / "page.html").write_text("")
    said = []

    def run(page):
        said.append(run_here(page))
        return said[-1]

    with serve(tmp_path) as address:
        (tmp_path / "page.html").write_text(SCRIPTED.replace("PORT", address.rpartition(":")[2]))
        seconds = [seconds_to_output(f"{address}/page.html", run, tmp_path / "profile") for _ in range(2)]

    assert all(0 < value < 60 for value in seconds)
    assert said == ["<xarray.Dataset> refused"] * 2


def test_another_output_is_no_figure(tmp_path):
    (tmp_path / "page.html").write_text("<title>Page</title>")
    with serve(tmp_path) as address, pytest.raises(LoadError, match="another output: KeyError: 'sst'"):
        seconds_to_output(f"{address}/page.html", lambda page: "KeyError:\n'sst'", tmp_path / "profile")


def test_a_page_without_output_is_no_figure(tmp_path, monkeypatch):
    monkeypatch.setattr(first_output, "LONGEST_MS", 200)
    (tmp_path / "page.html").write_text("<title>Page</title>")
    with serve(tmp_path) as address, pytest.raises(LoadError, match=r"no output: .*200ms"):
        seconds_to_output(f"{address}/page.html", run_here, tmp_path / "profile")


def test_the_first_cell_of_a_page_is_replaced_and_the_others_do_not_run(site):
    with page_with_cell(site, "print(1 < 2)") as folder:
        page = folder / first_output.PAGE
        data = json.loads(page.with_name("page.live.1.json").read_text())

        assert '<div id="block-1"><pre>print(1 &lt; 2)</pre></div><div id="block-2"><pre>print(2)' in page.read_text()
    assert data == {"base": "_static/live-1/", "blocks": [{"block": "block-1", "quiet": True}], "exercises": []}
    assert not folder.exists()


def test_what_a_machine_lacks_is_named_once_for_each_figure(tmp_path, monkeypatch):
    monkeypatch.setattr(jupyterlite, "TOOLS", tmp_path)
    sampler = Sampler(str)
    first_output.first_outputs(sampler, ONCE, tmp_path)

    ours = "book/buckets/read-and-write.html does not run in the browser; run: make live, then make book"
    theirs = "JupyterLite is not installed; run: make tools"
    assert sampler.failures == [
        f"{server}, {name}: {why}" for server, why in ((OURS, ours), ("JupyterLite", theirs)) for name in (COLD, WARM)
    ]
    rows = report.rows_of_browser(sampler)
    assert [(row.name, row.value, row.peer, row.peer_value) for row in rows] == [
        (COLD, None, "JupyterLite", None),
        (WARM, None, "JupyterLite", None),
    ]


def test_our_figure_is_beside_that_of_jupyterlite():
    sampler = Sampler(str)
    for server, seconds in ((OURS, 4.0), ("JupyterLite", 16.0)):
        sampler.take(COLD, "s", server, partial(float, seconds))

    assert [(row.name, row.value, row.peer_value, row.ratio) for row in report.rows_of_browser(sampler)] == [
        (COLD, 4, 16, 0.25)
    ]


def test_headers_of_a_folder_come_with_its_files_only(tmp_path):
    (tmp_path / "_static/live-1").mkdir(parents=True)
    for name in ("page.html", "_static/live-1/worker.mjs"):
        (tmp_path / name).write_text("")
    (tmp_path / "_headers").write_text("/*\n  X-All: yes\n/_static/live-1/*\n  Cache-Control: immutable\n")

    assert headers_for(tmp_path, "/page.html") == {"X-All": "yes"}
    assert headers_for(tmp_path, "/_static/live-1/worker.mjs") == {"X-All": "yes", "Cache-Control": "immutable"}


@pytest.fixture
def pyodide(tmp_path, monkeypatch):
    """An installed Pyodide with one package in plain Python in its lock file."""
    folder = tmp_path / "pyodide"
    folder.mkdir()
    for name in ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip"):
        (folder / name).write_text(name)
    package = {"file_name": "xarray-1-py3-none-any.whl", "sha256": "of Pyodide's own"}
    (folder / "pyodide-lock.json").write_text(json.dumps({"packages": {"xarray": package}}))
    monkeypatch.setattr(jupyterlite.parts, "PYODIDE", folder)
    monkeypatch.setattr(jupyterlite.parts, "download_carrier", lambda: tmp_path)
    monkeypatch.setattr(jupyterlite.parts, "wheels_in", lambda carrier, names: {"numpy.whl": b"compiled"})
    return folder


def wheel(folder, name):
    path = folder / name
    path.write_text("content")
    return path


def test_jupyterlite_gets_pypis_wheels_with_their_checksums(tmp_path, pyodide):
    wheels = [wheel(tmp_path, name) for name in ("comm-1-py3-none-any.whl", "xarray-1-py3-none-any.whl")]
    write_pyodide(tmp_path / "out", wheels)

    package = json.loads((tmp_path / "out/pyodide-lock.json").read_text())["packages"]["xarray"]
    assert package["sha256"] == "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73"
    assert (tmp_path / "out/numpy.whl").read_bytes() == b"compiled"
    assert not (tmp_path / "out/comm-1-py3-none-any.whl").exists()


def test_a_wheel_of_another_version_than_pyodides_is_named(tmp_path, pyodide):
    name = "xarray-2-py3-none-any.whl"
    with pytest.raises(LoadError, match=f"Pyodide has another version of {name}; write that one to lock/jupyterlite"):
        write_pyodide(tmp_path / "out", [wheel(tmp_path, name)])


def test_parts_that_cannot_be_fetched_are_a_figure_that_is_not_measured(tmp_path, pyodide, monkeypatch):
    def refuse(_carrier, _names):
        raise PartsError("carrier.whl does not contain numpy.whl")

    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/jupyter-lite").write_text("")
    monkeypatch.setattr(jupyterlite, "TOOLS", tmp_path)
    monkeypatch.setattr(jupyterlite, "_download", lambda target: [])
    monkeypatch.setattr(jupyterlite.parts, "wheels_in", refuse)
    with pytest.raises(LoadError, match=r"carrier\.whl does not contain"), jupyterlite.lite_site("1"):
        pass


@pytest.mark.skipif("LITE" not in os.environ, reason="not run: it takes a minute of computing; LITE=1 runs it")
def test_the_site_and_jupyterlite_are_measured():
    sampler = Sampler(str)
    first_output.first_outputs(sampler, ONCE, BUILD / "html")

    assert sampler.failures == []
    for row in report.rows_of_browser(sampler):
        assert row.value and row.peer_value
