"""Commands of the guide, which the Makefile calls: ``python -m guide``. A command that fails exits non-zero."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from guide.run.profile import RunProfile

if TYPE_CHECKING:
    from guide.run.records import RunRecord


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="guide", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    build = commands.add_parser("build", help="run every page and build the site")
    build.add_argument("--out", type=Path, help="output folder (default: _build)")
    build.add_argument("--pdf", action="store_true", help="also print the whole guide as a PDF")
    serve = commands.add_parser("serve", help="serve the site and rebuild pages when they are saved")
    serve.add_argument("--port", type=int, default=8000, help="0 chooses a free port (default: %(default)s)")
    live = commands.add_parser("live", help="make what pages need to run in the reader's browser")
    links = commands.add_parser("links", help="check every link to another site")
    picture = commands.add_parser("picture", help="take the README's screenshot of the built site")
    picture.add_argument("--site", type=Path, default=Path("_build/html"))
    picture.add_argument("--out", type=Path, default=Path("book/_images/guide.png"))
    page = commands.add_parser("page", help="run one or more pages")
    page.add_argument("page", type=Path, nargs="+")
    harmless = commands.add_parser("harmless", help="check that pages leave a reader's own files as they are")
    harmless.add_argument("page", type=Path, nargs="*")
    outputs = commands.add_parser("outputs", help="rewrite the recorded outputs of one page or of all")
    outputs.add_argument("page", type=Path, nargs="?")
    language = commands.add_parser("language", help="check the language of one or more files, or of all")
    language.add_argument("file", type=Path, nargs="*")
    facts = commands.add_parser("facts", help="compare the facts with the hub's configuration and its documentation")
    facts.add_argument("checkout", type=Path, help="a checkout of 2i2c-org/infrastructure")
    facts.add_argument("--docs", type=Path, help="a checkout of the community's documentation")
    facts.add_argument("--record", type=_day, metavar="YYYY-MM-DD", help="record this date if all agree")
    image = commands.add_parser("image", help="renew the stack hub from the packages of another tag of the images")
    image.add_argument("tag", help="the tag: a date, as YYYY.MM.DD")
    image.add_argument("--lists", type=Path, help="the folder of the package lists, which are fetched otherwise")
    mutate = commands.add_parser("mutate", help="break each block in turn and check that its page fails")
    mutate.add_argument("page", type=Path, nargs="?")
    mutate.add_argument("--what", default="blocks", choices=["blocks", "facts", "rules"])
    mutate.add_argument("--sample", type=int, help="try only this many mutants, chosen by the seed")
    mutate.add_argument("--seed", default="1")
    for command in (build, serve, live, links, page, harmless, outputs, mutate):
        command.add_argument("--stack", default="hub", choices=["hub", "latest"])
        command.add_argument("--user", default=os.environ.get("JUPYTERHUB_USER", "funky-user"))
        command.add_argument("--mode", default="auto", choices=["auto", "names", "proxy"])
        command.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    return parser


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no date; write it like 2026-11-30") from error


def main(arguments: list[str]) -> int:
    """Run one command and return its exit status."""
    options = _parser().parse_args(arguments)
    handlers = {"build": _build, "links": _links, "picture": _picture, "page": _page, "outputs": _outputs}
    handlers |= {"mutate": _mutate, "serve": _serve, "live": _live, "harmless": _harmless, "language": _language}
    handlers |= {"facts": _facts, "image": _image}
    # Exit through SystemExit, so that cleanup also ends the pages that are running.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    if options.command == "build" and _nothing_changed(options):
        return 0
    try:
        return handlers[options.command](options)
    except _errors_of_authors() as error:  # called only when there is an exception
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


def _errors_of_authors() -> tuple[type[Exception], ...]:
    """Return the exceptions whose message is for the author; their modules are slow to import."""
    from guide.live.parts import PartsError
    from guide.pages.blocks import BlockError
    from hubfacts.load import FactsError

    return BlockError, FactsError, PartsError


def _profile(options: argparse.Namespace) -> RunProfile:
    return RunProfile(options.stack, options.user, options.mode)


def _nothing_changed(options: argparse.Namespace) -> bool:
    """Return whether the site is up to date; if not, ``options`` get the digest of its inputs."""
    from guide.paths import BUILD
    from guide.site import build_stamp

    profile, out = _profile(options), options.out or BUILD
    options.inputs = ""
    if not (out / build_stamp.STAMP).is_file():
        return False
    options.inputs = build_stamp.inputs_digest((profile, options.pdf))
    if not build_stamp.is_up_to_date(out, build_stamp.stamp_of(options.inputs, profile.name)):
        return False
    print(build_stamp.unchanged_message(out / "html" / "index.html"))
    return True


def _build(options: argparse.Namespace) -> int:
    from guide.paths import BUILD
    from guide.site.early_sphinx import SphinxProcess

    with SphinxProcess(options.out, _profile(options), pdf=options.pdf) as process:
        # A named folder is emptied at the start, so only when the pages have run and the site has to be built.
        if options.out is None:
            process.start()
        from guide.site.build import build_site  # imports what pages need, while the process imports the rest

        return build_site(process, _profile(options), options.jobs, options.out or BUILD, options.pdf, options.inputs)


def _serve(options: argparse.Namespace) -> int:
    import asyncio

    from guide.preview.server import PreviewError, serve

    try:
        asyncio.run(serve(_profile(options), options.jobs, options.port))
    except PreviewError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _live(options: argparse.Namespace) -> int:
    from guide.live.make import make

    found = make(options.jobs)
    print(f"{sum(not verdict.problem for verdict in found)} of {len(found)} pages with Python run in the browser")
    return 0


def _links(options: argparse.Namespace) -> int:
    from guide.site.build import check_links

    return check_links(_profile(options), options.jobs)


def _picture(options: argparse.Namespace) -> int:
    from playwright.sync_api import sync_playwright

    from guide.browser.launch import NoBrowser, launch
    from guide.browser.readme_shot import take

    with sync_playwright() as playwright:
        try:
            take(launch(playwright), options.site, options.out)
        except NoBrowser as error:
            print(error, file=sys.stderr)
            return 1
    return 0


def _path(page: Path) -> Path:
    """Return the file of a page that is named with or without its suffix."""
    from guide.pages.blocks import BlockError

    for path in (page, page.with_suffix(".md"), page.with_suffix(".ipynb")):
        if path.is_file():
            return path.resolve()
    raise BlockError(f"{page}: there is no such page; name one, for example PAGE=book/index.md")


def _page(options: argparse.Namespace) -> int:
    from fakehub.isolation.fork import Fork
    from guide.facts import load
    from guide.paths import HUB_YML
    from guide.run.runner import run_pages

    paths = [_path(page) for page in options.page]
    load(HUB_YML)  # raises here once, and not in both processes
    # The rules are checked beside the run, so that the author does not wait for one after the other.
    rules = Fork(lambda: _print_broken_rules(paths))
    try:
        records = run_pages(paths, _profile(options), options.jobs, force=True)
    finally:
        problems = rules.wait()
    _print_results(records)
    return 0 if all(record.passed for record in records) and not problems else 1


def _print_results(records: list[RunRecord]) -> None:
    for record in records:
        passed = sum(block.status == "passed" for block in record.blocks)
        print(f"{record.page}: {record.status}, {passed} of {len(record.blocks)} blocks in {record.seconds:.1f} s")


def _harmless(options: argparse.Namespace) -> int:
    from guide.pages.toc import pages_of_book
    from guide.site.harmless import run_among_files

    paths = [_path(page) for page in options.page] or pages_of_book()
    records = run_among_files(paths, _profile(options), options.jobs)
    _print_results(records)
    return 0 if all(record.passed for record in records) else 1


def _language(options: argparse.Namespace) -> int:
    from guide.language.check import report
    from guide.language.grammar import NoChecker
    from guide.paths import ROOT

    try:
        return report([_file(file) for file in options.file], ROOT)
    except NoChecker as error:
        print(error, file=sys.stderr)
        return 1


def _facts(options: argparse.Namespace) -> int:
    from guide.paths import HUB_YML
    from guide.upstream.check_facts import check_facts
    from guide.upstream.settings import UpstreamError
    from hubfacts.load import FactsError

    try:
        return check_facts(HUB_YML, options.checkout, options.docs, options.record)
    except (UpstreamError, FactsError) as error:
        print(f"facts: {error}", file=sys.stderr)
        return 2  # 1 is for facts that changed


def _image(options: argparse.Namespace) -> int:
    from guide.facts import load
    from guide.paths import ROOT
    from guide.upstream.renew_image import renew_image
    from guide.upstream.settings import UpstreamError

    try:
        return renew_image(ROOT, load(ROOT / "hub.yml"), options.tag, options.lists)
    except UpstreamError as error:
        print(f"image: {error}", file=sys.stderr)
        return 1


def _file(file: Path) -> Path:
    """Return a file whose language is checked, or a page that is named with or without its suffix."""
    return file.resolve() if file.is_file() else _path(file)


def _print_broken_rules(paths: list[Path]) -> int:
    """Print a line for each rule that ``paths`` break; return 1 if there is one. The run reports unreadable pages."""
    from guide.pages.blocks import BlockError
    from guide.pages.reader import read_page
    from guide.paths import ROOT

    try:
        for path in paths:
            read_page(path, ROOT)
    except BlockError:
        return 0
    try:
        problems = broken_rules(paths)
    except BlockError as error:  # in the table of contents or another page
        problems = [str(error)]
    print("".join(f"{problem}\n" for problem in problems), end="")
    return 1 if problems else 0


def broken_rules(paths: list[Path]) -> list[str]:
    """Return a line for each rule that pages of this hub's book break; other pages and hubs have no rules."""
    from guide.checks import page_rules
    from guide.facts import load
    from guide.language import check as language
    from guide.pages.toc import pages_of_book
    from guide.paths import HUB_YML, OWN_HUB, ROOT

    pages = set(paths) & set(pages_of_book()) if OWN_HUB else set()
    if not pages:
        return []
    facts = load(HUB_YML)
    problems = [problem for page in sorted(pages) for problem in page_rules.page_problems(page, ROOT, facts)]
    # Grammar is left to `make language`, because it takes seconds.
    found = language.find(sorted(pages), ROOT, grammar=False)
    return problems + language.verdict(found, (), language.debt())


def _outputs(options: argparse.Namespace) -> int:
    from guide.pages.toc import pages_of_book
    from guide.run.compare_outputs import rewrite_notebook, rewrite_transcripts
    from guide.run.recorded_outputs import rewrite_record
    from guide.run.runner import run_pages

    paths = [_path(options.page)] if options.page else pages_of_book()
    records = run_pages(paths, _profile(options), options.jobs, force=True, accept=True)
    for path, record in zip(paths, records, strict=True):
        if not record.passed:
            continue
        if path.suffix == ".ipynb" and record.notebook is not None:
            changed = rewrite_notebook(path, record.notebook)
        else:
            changed = rewrite_transcripts(path, record.blocks)
            changed |= rewrite_record(path, [block.printed or () for block in record.blocks])
        print(f"{record.page}: {'rewritten' if changed else 'unchanged'}")
    return 0 if all(record.passed for record in records) else 1


def _mutate(options: argparse.Namespace) -> int:
    from guide.mutation.mutate_blocks import mutate_blocks
    from guide.mutation.mutate_facts import mutate_facts
    from guide.mutation.mutate_rules import mutate_rules
    from guide.pages.toc import pages_of_book

    if options.what == "facts":
        return mutate_facts(options.sample, options.seed)
    if options.what == "rules":
        return mutate_rules(options.jobs, options.sample, options.seed)
    paths = [_path(options.page)] if options.page else pages_of_book()
    return mutate_blocks(paths, _profile(options), options.jobs, options.sample, options.seed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
