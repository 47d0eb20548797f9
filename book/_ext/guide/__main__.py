"""``python -m guide``: what the Makefile calls. Each command exits non-zero when anything failed."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from pathlib import Path

from guide.lane import Lane


def main(arguments: list[str]) -> int:
    """Run one command; its exit status."""
    parser = argparse.ArgumentParser(prog="guide", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    build = commands.add_parser("build", help="run every page and build the site")
    build.add_argument("--out", type=Path, help="where to (default: _build)")
    build.add_argument("--pdf", action="store_true", help="with the whole guide as a PDF")
    serve = commands.add_parser("serve", help="show the site in a browser, and pages anew when they are saved")
    serve.add_argument("--port", type=int, default=8000, help="0 takes a free one (default: %(default)s)")
    links = commands.add_parser("links", help="ask every other site that a page links to")
    commands.add_parser("audit", help="ask whether a locked package has a known vulnerability")
    picture = commands.add_parser("picture", help="take the README's picture of the built site")
    picture.add_argument("--site", type=Path, default=Path("_build/html"))
    picture.add_argument("--out", type=Path, default=Path("book/_images/guide.png"))
    page = commands.add_parser("page", help="run one page, or several")
    page.add_argument("page", type=Path, nargs="+")
    outputs = commands.add_parser("outputs", help="rewrite the recorded outputs of all pages, or of one")
    outputs.add_argument("page", type=Path, nargs="?")
    mutate = commands.add_parser("mutate", help="break each block in turn and see that its page fails")
    mutate.add_argument("page", type=Path, nargs="?")
    mutate.add_argument("--what", default="blocks", choices=["blocks", "facts", "rules"])
    mutate.add_argument("--sample", type=int, help="only so many, drawn by the seed")
    mutate.add_argument("--seed", default="1")
    for command in (build, serve, links, page, outputs, mutate):
        command.add_argument("--stack", default="hub", choices=["hub", "latest"])
        command.add_argument("--user", default=os.environ.get("JUPYTERHUB_USER", "funky-user"))
        command.add_argument("--mode", default="auto", choices=["auto", "names", "proxy"])
        command.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    inside = commands.add_parser("in-session", help="run one page in the stand-in this process lives in")
    inside.add_argument("page", type=Path)
    inside.add_argument("--out", type=Path, required=True)
    inside.add_argument("--stack", required=True)
    inside.add_argument("--home", type=Path, default=Path(os.environ.get("HOME", ".")))
    inside.add_argument("--accept", action="store_true")
    inside.add_argument("--copies", action="store_true", help="this process has imported what pages import")
    inside.add_argument("--change", type=Path, help="JSON: the number of a block and another source for it")
    inside.add_argument("--limit", type=int, default=0, help="seconds after which the run is ended; 0 is no limit")
    options = parser.parse_args(arguments)
    handlers = {"build": _build, "links": _links, "picture": _picture, "page": _page, "outputs": _outputs}
    handlers |= {"in-session": _in_session, "mutate": _mutate, "audit": _audit, "serve": _serve}
    if options.command != "in-session":  # told to end, it ends the pages that run
        signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    if options.command == "build" and _nothing_changed(options):
        return 0
    # All that takes long to import is imported where it is needed.
    from fakehub.facts import FactsError
    from guide.blocks import BlockError

    try:
        return handlers[options.command](options)
    except (BlockError, FactsError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


def _lane(options: argparse.Namespace) -> Lane:
    return Lane(options.stack, options.user, options.mode)


def _nothing_changed(options: argparse.Namespace) -> bool:
    from guide import unchanged
    from guide.places import BUILD

    lane, out = _lane(options), options.out or BUILD
    if not (out / unchanged.STAMP).is_file():
        return False
    if not unchanged.holds(out, unchanged.stamp(unchanged.sources((lane, options.pdf)), lane.name)):
        return False
    print(unchanged.nothing_changed(out / "html" / "index.html"))
    return True


def _build(options: argparse.Namespace) -> int:
    from guide.build import build_site

    return build_site(_lane(options), options.jobs, options.out, options.pdf)


def _serve(options: argparse.Namespace) -> int:
    import asyncio

    from guide.preview.server import PreviewError, serve

    try:
        asyncio.run(serve(_lane(options), options.jobs, options.port))
    except PreviewError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _links(options: argparse.Namespace) -> int:
    from guide.build import check_links

    return check_links(_lane(options), options.jobs)


def _audit(options: argparse.Namespace) -> int:
    from guide.audit import audit
    from guide.places import ROOT

    return audit(sorted((ROOT / "lock").glob("*.txt")))


def _picture(options: argparse.Namespace) -> int:
    from playwright.sync_api import sync_playwright

    from guide.picture import NoBrowser, launch, take

    with sync_playwright() as playwright:
        try:
            take(launch(playwright), options.site, options.out)
        except NoBrowser as error:
            print(error, file=sys.stderr)
            return 1
    return 0


def _path(page: Path) -> Path:
    """The file of a page named with or without its suffix."""
    from guide.blocks import BlockError

    found = [path for path in (page, page.with_suffix(".md"), page.with_suffix(".ipynb")) if path.is_file()]
    if not found:
        raise BlockError(f"{page}: there is no such page; name one, for example PAGE=book/index.md")
    return found[0].resolve()


def _page(options: argparse.Namespace) -> int:
    from guide.runner import run_pages

    paths = [_path(page) for page in options.page]
    records = run_pages(paths, _lane(options), options.jobs, force=True)
    for record in records:
        ran, of = sum(block["status"] == "passed" for block in record["blocks"]), len(record["blocks"])
        print(f"{record['page']}: {record['status']}, {ran} of {of} blocks in {record['seconds']:.1f} s")
    return 0 if all(record["status"] == "passed" for record in records) else 1


def _outputs(options: argparse.Namespace) -> int:
    import nbformat

    from guide.outputs import rewrite_notebook, rewrite_transcripts
    from guide.recorded import rewrite_record
    from guide.runner import pages_of_book, run_pages

    paths = [_path(options.page)] if options.page else pages_of_book()
    records = run_pages(paths, _lane(options), options.jobs, force=True, accept=True)
    for path, record in zip(paths, records, strict=True):
        if record["status"] != "passed":
            continue
        if path.suffix == ".ipynb":
            changed = rewrite_notebook(path, nbformat.from_dict(record["notebook"]))
        else:
            changed = rewrite_transcripts(path, record["blocks"])
            changed |= rewrite_record(path, [block["printed"] or [] for block in record["blocks"]])
        print(f"{record['page']}: {'rewritten' if changed else 'as it was'}")
    return 0 if all(record["status"] == "passed" for record in records) else 1


def _mutate(options: argparse.Namespace) -> int:
    from guide.fact_mutants import mutate_facts
    from guide.mutate import mutate
    from guide.mutate_rules import mutate_rules
    from guide.runner import pages_of_book

    if options.what == "facts":
        return mutate_facts(options.sample, options.seed)
    if options.what == "rules":
        return mutate_rules(options.jobs, options.sample, options.seed)
    paths = [_path(options.page)] if options.page else pages_of_book()
    return mutate(paths, _lane(options), options.jobs, options.sample, options.seed)


def _in_session(options: argparse.Namespace) -> int:
    from guide.blocks import read_page
    from guide.mutants import with_source
    from guide.places import OWN_HUB, ROOT
    from guide.recorded import recorded_outputs
    from guide.runner import versions
    from guide.session import refused_hosts, run_page, set_latency

    started = time.monotonic()
    signal.alarm(options.limit)
    page = read_page(options.page, ROOT)
    if options.change:
        page = with_source(page, **json.loads(options.change.read_text(encoding="utf-8")))
    before = refused_hosts()
    set_latency(page.latency_ms)
    # Outputs are recorded on this hub and its versions alone.
    os.environ["HOME"] = str(options.home)
    recorded = recorded_outputs(page, ROOT) if OWN_HUB and options.stack == "hub" and not options.accept else None
    said: list[str] = []

    def show(line: str) -> None:
        said.append(line)
        print(line, flush=True)

    blocks, notebook = run_page(page, options.home, show, options.accept, options.copies, recorded)
    failed = any(block["status"] == "failed" for block in blocks)
    set_latency(0)
    others = refused_hosts()[len(before) :]
    if others and not failed:
        failed = True
        show(f"{page.path}: asks hosts that are not the hub's: {', '.join(dict.fromkeys(others))}")
    record = {"status": "failed" if failed else "passed", "seconds": round(time.monotonic() - started, 3)}
    record |= {"versions": versions(), "blocks": blocks, "notebook": notebook, "refused": sorted(set(others))}
    record["latency_ms"] = page.latency_ms
    if failed:
        record["error"] = said[0]
    options.out.write_text(json.dumps(record), encoding="utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
