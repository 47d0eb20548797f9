"""What the site publishes for pages that run in the browser: the button, the file of a page, the packs and headers."""

import json
from dataclasses import asdict, replace
from types import SimpleNamespace

import pytest

from guide.live.pack import LIST
from guide.live.pages import live_page
from guide.live.verdicts import Verdict
from guide.pages.blocks import Block, Page
from guide.report.proof import Proof
from guide.site.export import run_here
from guide.site.optimize.policy import write_headers

BLOCKS = (
    Block(3, "cell", "python", "import xarray as xr", on=("hub",)),
    Block(9, "run", "bash", "ls", on=("hub",)),
    Block(12, "cell", "python", "ds.plot()", on=("hub",), after_s=60.0),
)
NAMES = {"packages": "packages-1.tar.zst", "figures": "figures-1.tar.zst", "hub": "hub-1.tar.zst"}
RUNTIME = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")


@pytest.fixture
def page(root):
    return Page(root.joinpath("book/buckets/look.md").relative_to(root), BLOCKS, (), 0, (), None)


@pytest.fixture
def live(tmp_path, monkeypatch):
    """Return a function that stores verdicts as ``make live`` does."""
    files = tmp_path / "live/files"
    files.mkdir(parents=True)
    sizes = dict.fromkeys((*NAMES.values(), *RUNTIME), 1_000_000)
    (files / LIST).write_text(json.dumps({"names": NAMES, "sizes": sizes}))
    (files / "hub.json").write_text("{}")
    for name in sizes:
        (files / name).write_text(name)
    verdicts = tmp_path / "live/verdicts.json"
    monkeypatch.setattr(run_here, "FILES", files)
    monkeypatch.setattr(run_here, "VERDICTS", verdicts)
    run_here._verdicts.cache_clear()

    def store(*found):
        verdicts.write_text(json.dumps([asdict(verdict) for verdict in found]))
        run_here._verdicts.cache_clear()

    yield store
    run_here._verdicts.cache_clear()


def _proofs(page):
    return [Proof(block, "", f"block-{number}", None) for number, block in enumerate(page.blocks, start=1)]


def test_a_page_that_agreed_has_the_button_and_a_file_with_its_blocks(tmp_path, page, live):
    live(Verdict(str(page.path), "", live_page(page).code, ("resolution of times",)))
    button = run_here.write_data(tmp_path, "book/buckets/look", page, _proofs(page))

    assert 'data-live="look.live.json" hidden' in button and "Downloads 7 MB once" in button
    data = json.loads((tmp_path / "book/buckets/look.live.json").read_text())
    assert data["packs"] == [NAMES["packages"], NAMES["figures"], NAMES["hub"]] and data["figures"]
    quiet = {"quiet": True}
    assert data["blocks"] == [{"block": "block-1"} | quiet, {"block": "block-3", "after_s": 60.0} | quiet]
    assert data["advance_s"] == 60.0, "the page has a block about a later time"
    assert data["bytes"] == 7_000_000 and "pandas 3" in data["differences"][0]


@pytest.mark.parametrize("why", ["another problem", "other code", "never ran"])
def test_any_other_page_has_neither(tmp_path, page, live, why):
    code = live_page(page).code
    verdict = Verdict(str(page.path), "", code)
    live(verdict)
    assert run_here.write_data(tmp_path, "look", page, _proofs(page))
    changed = {
        "another problem": replace(verdict, problem="prints something else"),
        "other code": replace(verdict, code="0" * 16),
        "never ran": replace(verdict, page="book/other.md"),
    }
    live(changed[why])

    assert run_here.write_data(tmp_path, "look", page, _proofs(page)) == ""
    assert not (tmp_path / "look.live.json").exists()


@pytest.mark.parametrize("file", ["packs.json", "../verdicts.json"])
def test_what_another_version_made_is_not_used(tmp_path, page, live, file):
    live(Verdict(str(page.path), "", live_page(page).code))
    content = [{"page": "a", "another": 1}] if "verdicts" in file else {"packages": "packages-1.tar.zst"}
    (run_here.FILES / file).write_text(json.dumps(content))
    run_here._verdicts.cache_clear()
    assert run_here.write_data(tmp_path, "look", page, _proofs(page)) == ""


def test_the_packs_are_published_once_and_earlier_ones_are_removed(tmp_path, live):
    out = tmp_path / "html"
    old = out / "_static/live-0123456789"
    old.mkdir(parents=True)
    app = SimpleNamespace(outdir=str(out))
    run_here.publish_files(app)
    assert not old.exists() and not list((out / "_static").glob("live-*")), "no page uses them"

    (out / "look.live.json").write_text("{}")
    run_here.publish_files(app)
    (made,) = (out / "_static").glob("live-*")
    published = {file.name for file in made.iterdir()}
    assert {*NAMES.values(), *RUNTIME, "hub.json", "boot.mjs", "worker.mjs"} <= published
    (run_here.FILES / "hub.json").write_text('{"facts": ""}')
    run_here.publish_files(app)
    (now,) = (out / "_static").glob("live-*")
    assert now != made


def test_pages_are_built_again_after_a_new_run(page, live):
    env = SimpleNamespace(found_docs={"look"}, doc2path=lambda name, base: str(page.path))
    live(Verdict(str(page.path), "", "a"))
    assert run_here.pages_with_new_verdicts(None, env, set()) == ["look"]
    assert run_here.pages_with_new_verdicts(None, env, set()) == []
    live(Verdict(str(page.path), "", "a", ("versions",)))
    assert run_here.pages_with_new_verdicts(None, env, set()) == ["look"]


def test_only_a_site_with_packs_allows_to_compile_webassembly(tmp_path):
    write_headers(tmp_path, [], [])
    assert "wasm" not in (tmp_path / "_headers").read_text()
    (tmp_path / "_static/live-1").mkdir(parents=True)
    write_headers(tmp_path, [], [])
    headers = (tmp_path / "_headers").read_text()
    assert "script-src 'wasm-unsafe-eval' 'self'" in headers and "unsafe-eval'" not in headers.replace(
        "wasm-unsafe-eval'", ""
    )
    assert "/_static/live-1/*\n  Cache-Control: public, max-age=31536000, immutable" in headers
