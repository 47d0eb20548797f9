"""``make bench``: measure, print the table and whether each target is met, and write both files in this folder."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import warnings
from pathlib import Path

from bench import first_output, growth, large, report, site, storage, through_gcsfs, upload_growth, uploads
from bench.load import Address, LoadError
from bench.samples import Plan, Sampler
from bench.servers import OURS, PEERS, ServerError, cores, pinned, running

# The parts that can be measured alone.
PARTS = ("requests", "large", "uploads", "site", "browser")


def measure(plan: Plan, only: str | None, built: Path | None) -> Sampler:
    """Measure everything, or one of ``PARTS``; the site and its pages in the browser only if it is ``built``.

    Raises ``ServerError`` and ``LoadError``.
    """
    sampler = Sampler(_log)
    if only in (None, "requests"):
        _requests(sampler, plan)
    if only in (None, "large"):
        for_servers, for_load = cores()
        with pinned(for_load):
            _log(f"one object of {plan.large_gib:g} GiB")
            large.large_object(sampler, plan, for_servers)
            _log(f"{plan.many:,} objects")
            large.many_objects(sampler, plan, for_servers)
    if only in (None, "uploads"):
        _log("uploads over slow connections")
        uploads.shares(sampler, plan)
        _log("uploads of many variables, and with two workers")
        upload_growth.growth(sampler)
    if built and only in (None, "site"):
        _log("the site in Lighthouse")
        site.lighthouse(sampler, plan, built.resolve())
    if built and only in (None, "browser"):
        _log("the first output of a page that runs in the browser")
        first_output.first_outputs(sampler, plan, built.resolve())
    return sampler


def _requests(sampler: Sampler, plan: Plan) -> None:
    """Measure the stand-in beside other fakes, with the servers on one core and the load on another."""
    for_servers, for_load = cores()
    with pinned(for_load):
        with contextlib.ExitStack() as servers:
            addresses: dict[str, Address] = {}
            for name in (OURS, *PEERS):
                addresses |= servers.enter_context(running(name, for_servers)).addresses
            _log("small requests")
            storage.small_requests(sampler, addresses, plan)
            _log("64 MB up and down")
            storage.large_transfers(sampler, addresses, plan)
            _log("through gcsfs")
            through_gcsfs.small_objects(sampler, addresses, plan)
        _log("starts")
        growth.starts(sampler, plan, for_servers)
        _log(f"memory and growth to {plan.objects:,} objects")
        growth.memory_and_growth(sampler, plan, for_servers)


def _log(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _exit_on_signal(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


def main() -> int:
    """Measure and report; return 1 if a server does not run."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds, of which the median counts (%(default)s)")
    parser.add_argument("--seconds", type=float, default=0.5, help="duration of one sample (%(default)s)")
    parser.add_argument("--objects", type=int, default=100_000, help="objects in the full bucket (%(default)s)")
    parser.add_argument("--upload-mb", type=float, default=200, help="size of an upload (%(default)s)")
    parser.add_argument("--large-gib", type=float, default=5, help="size of one large object (%(default)s)")
    parser.add_argument("--many", type=int, default=1_000_000, help="how many objects to start with (%(default)s)")
    parser.add_argument("--only", choices=PARTS, help="measure this part alone, and keep the other rows")
    parser.add_argument("--site", type=Path, help="folder of the built site, to measure that as well")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="where the files go (%(default)s)")
    options = parser.parse_args()
    plan = Plan(
        options.rounds, options.seconds, options.objects, int(options.upload_mb * 1e6), options.large_gib, options.many
    )
    signal.signal(signal.SIGTERM, _exit_on_signal)
    # Google's libraries warn when they will stop supporting this Python; that does not belong in the report.
    warnings.simplefilter("ignore", FutureWarning)
    try:
        sampler = measure(plan, options.only, options.site)
    except (ServerError, LoadError) as error:
        _log(f"bench: {error}")
        return 1
    rows = [*report.rows_of(sampler, plan), *report.rows_of_site(sampler), *report.rows_of_browser(sampler)]
    targets = [*report.targets(plan), *report.targets_of_site()]
    print(report.write(options.out, rows, targets, sampler.failures, options.only))
    return 0


if __name__ == "__main__":
    sys.exit(main())
