"""``make bench``: measures, prints the table and whether each target is met, writes both files beside this one."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import warnings
from pathlib import Path

from bench import growth, report, site, storage, through_gcsfs, uploads
from bench.load import Address, LoadError
from bench.samples import Plan, Sampler
from bench.servers import OURS, PEERS, ServerError, cores, pinned, running

# What can be measured alone; the site only where it is built.
PARTS = ("requests", "uploads", "site")


def measure(plan: Plan, only: str | None, built: Path | None) -> Sampler:
    """Everything, or one of ``PARTS``. Raises ``ServerError`` and ``LoadError``."""
    sampler = Sampler(_say)
    if only in (None, "requests"):
        _requests(sampler, plan)
    if only in (None, "uploads"):
        _say("uploads over slow lines")
        uploads.shares(sampler, plan)
    if built and only in (None, "site"):
        _say("the site in Lighthouse")
        site.lighthouse(sampler, plan, built.resolve())
    return sampler


def _requests(sampler: Sampler, plan: Plan) -> None:
    """The stand-in beside other fakes, with the servers on one core and the load on another."""
    for_servers, for_load = cores()
    with pinned(for_load):
        with contextlib.ExitStack() as servers:
            addresses: dict[str, Address] = {}
            for name in (OURS, *PEERS):
                addresses |= servers.enter_context(running(name, for_servers)).addresses
            _say("small requests")
            storage.small_requests(sampler, addresses, plan)
            _say("64 MB up and down")
            storage.large_transfers(sampler, addresses, plan)
            _say("through gcsfs")
            through_gcsfs.small_objects(sampler, addresses, plan)
        _say("starts")
        growth.starts(sampler, plan, for_servers)
        _say(f"memory and growth to {plan.objects:,} objects")
        growth.memory_and_growth(sampler, plan, for_servers)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _told_to_end(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


def main() -> int:
    """Measure and report; 1 where a server does not run."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds, of which the median counts (%(default)s)")
    parser.add_argument("--seconds", type=float, default=0.5, help="of each measurement in a round (%(default)s)")
    parser.add_argument("--objects", type=int, default=100_000, help="in the full bucket (%(default)s)")
    parser.add_argument("--upload-mb", type=float, default=200, help="of an upload (%(default)s)")
    parser.add_argument("--only", choices=PARTS, help="measure this alone, and keep the other rows as they are")
    parser.add_argument("--site", type=Path, help="folder of the built site, to measure that as well")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="where the files go (%(default)s)")
    given = parser.parse_args()
    plan = Plan(given.rounds, given.seconds, given.objects, int(given.upload_mb * 1e6))
    signal.signal(signal.SIGTERM, _told_to_end)
    # Google's libraries say when they will stop supporting this Python; that is no part of the report.
    warnings.simplefilter("ignore", FutureWarning)
    try:
        sampler = measure(plan, given.only, given.site)
    except (ServerError, LoadError) as error:
        _say(f"bench: {error}")
        return 1
    rows = [*report.rows_of(sampler, plan), *report.rows_of_site(sampler)]
    targets = [*report.targets(plan), *report.targets_of_site()]
    print(report.write(given.out, rows, targets, sampler.failures, given.only))
    return 0


if __name__ == "__main__":
    sys.exit(main())
