"""The commands that steer a running stand-in: ``clock``, ``network``, ``faults``, ``limits`` and ``log``."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fakehub import units
from fakehub.clock import rfc3339
from fakehub.control.client import Control, ControlError
from fakehub.network.shaping import NetworkSettings

_EFFECTS = "an HTTP status (429, 500, 503 …), stall, reset, reset-upload, truncate, corrupt or drop-upload"
# Adds a command or an action: ``add_parser`` of what ``add_subparsers`` returns.
AddParser = Callable[..., argparse.ArgumentParser]


def add_commands(add_command: AddParser) -> None:
    """Add the commands; each sets the option ``do`` to a function of the options."""
    session = argparse.ArgumentParser(add_help=False)
    session.add_argument("--session", type=Path, help="its folder (default: the session that this command runs in)")
    for add in (_add_clock, _add_network, _add_faults, _add_limits, _add_log):
        add(add_command, session)


def _add_with_actions(add_command: AddParser, name: str, about: str, session: argparse.ArgumentParser) -> AddParser:
    """Add a command that has actions, and return the function that adds one of them."""
    actions = add_command(name, help=about).add_subparsers(dest="action", required=True)

    def add(action: str, do: Callable[[argparse.Namespace], None], about: str) -> argparse.ArgumentParser:
        parser = actions.add_parser(action, parents=[session], help=about)
        parser.set_defaults(do=do)
        return parser

    return add


def _add_clock(add_command: AddParser, session: argparse.ArgumentParser) -> None:
    add = _add_with_actions(add_command, "clock", "read the stand-in's clock, or move it forward", session)
    add("show", _show_clock, "print the stand-in's time")
    advance = add("advance", _advance, "move the clock forward")
    advance.add_argument("duration", type=_with_message(units.duration), help="8d, 90m …")


def _add_network(add_command: AddParser, session: argparse.ArgumentParser) -> None:
    add = _add_with_actions(add_command, "network", "slow down the network", session)
    add("show", lambda options: _print_network(_control(options).network()), "print the settings")
    add("clear", lambda options: _print_network(_control(options).set_network(NetworkSettings())), "remove all limits")
    duration, rate = _with_message(units.duration), _with_message(units.rate)
    network = add("set", _set_network, "replace all settings")
    network.add_argument("--latency", type=duration, default=0.0, help="delay of each request, such as 50ms")
    network.add_argument("--jitter", type=duration, default=0.0, help="random delay to add, at most this much")
    network.add_argument("--bandwidth", type=rate, help="per connection and direction, such as 10MB/s")
    network.add_argument("--total-bandwidth", type=rate, help="of all connections together, per direction")
    network.add_argument("--seed", type=int, default=0, help="of the jitter (default: %(default)s)")


def _add_faults(add_command: AddParser, session: argparse.ArgumentParser) -> None:
    add = _add_with_actions(add_command, "faults", "make requests fail", session)
    add("list", _list_faults, "print the rules, and how often each has struck")
    add("clear", lambda options: _control(options).clear_faults(), "remove all rules")
    rule = add("add", _add_fault, "add a rule")
    rule.add_argument("effect", help=_EFFECTS)
    rule.add_argument("--retry-after", type=int, metavar="SECONDS", help="of an HTTP status: the header's value")
    rule.add_argument("--seconds", type=float, help="of a stall: how long it lasts")
    size = _with_message(units.size)
    rule.add_argument("--at", type=size, metavar="SIZE", help="where the body breaks off (default: half-way)")
    rule.add_argument("--bytes", type=int, help="of corrupt: how many bytes change (default: 1)")
    rule.add_argument("--code", type=int, help="of drop-upload: 404 or 410")
    rule.add_argument("--method", type=str.upper, help="only requests with this method")
    rule.add_argument("--host", help="only requests to this host")
    rule.add_argument("--path", metavar="REGEX", help="only requests with this in their path and query")
    rule.add_argument("--persona", help="only requests of this persona")
    rule.add_argument("--nth", type=int, help="only the nth of these requests")
    rule.add_argument("--from-nth", type=int, metavar="N", help="the Nth of them and all later ones")
    rule.add_argument("--every", type=int, metavar="N", help="only every Nth of them")
    rule.add_argument("--probability", type=float, metavar="P", help="each of them with this probability")
    rule.add_argument("--seed", type=int, help="of the probability and of corrupted bytes (default: 0)")
    rule.add_argument("--times", type=int, help="at most this many times")


def _add_limits(add_command: AddParser, session: argparse.ArgumentParser) -> None:
    add = _add_with_actions(add_command, "limits", "limit how often an object may be written", session)
    add("show", lambda options: _print_limits(_control(options).limits()), "print the limits")
    add("clear", lambda options: _print_limits(_control(options).set_limits(0)), "remove all limits")
    limits = add("set", lambda options: _print_limits(_control(options).set_limits(options.between_writes)), "set one")
    duration = _with_message(units.duration)
    about = "the least time between two writes of one object; Google's is 1s"
    limits.add_argument("--between-writes", type=duration, required=True, metavar="TIME", help=about)


def _print_limits(limits: dict[str, Any]) -> None:
    print(" ".join(f"{name}={value:g}" for name, value in limits.items()))


def _add_log(add_command: AddParser, session: argparse.ArgumentParser) -> None:
    log = add_command("log", parents=[session], help="print the requests so far")
    log.add_argument("--summary", action="store_true", help="print the numbers of requests and bytes, by method")
    log.add_argument("--json", action="store_true", help="print JSON: one line per request, or the summary")
    log.set_defaults(do=_print_log)


def _with_message(parse: Callable[[str], float]) -> Callable[[str], float]:
    """Make argparse show the message of the ``ValueError`` that ``parse`` raises, instead of its own."""

    def parse_for_argparse(text: str) -> float:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return parse_for_argparse


def _control(options: argparse.Namespace) -> Control:
    """Return the controls of the session to steer; raise ``ControlError`` outside of one."""
    folder = options.session or os.environ.get("FAKEHUB_SESSION")
    if not folder:
        raise ControlError("no session: run this inside `fakehub run`, or name a session with --session DIR")
    return Control(Path(folder))


def _show_clock(options: argparse.Namespace) -> None:
    _print_clock(_control(options).clock())


def _advance(options: argparse.Namespace) -> None:
    _print_clock(_control(options).advance(options.duration))


def _print_clock(clock: dict[str, Any]) -> None:
    print(f"{clock['now']} ({clock['offset_s']:g} s ahead)")


def _set_network(options: argparse.Namespace) -> None:
    rates = (options.bandwidth, options.total_bandwidth)
    settings = NetworkSettings(options.latency, options.jitter, *rates, options.seed)
    _print_network(_control(options).set_network(settings))


def _print_network(settings: dict[str, Any]) -> None:
    print(" ".join(f"{name}={'unlimited' if value is None else value}" for name, value in settings.items()))


_EFFECT_OPTIONS = ("retry_after", "seconds", "at", "bytes", "code")
_MATCH_OPTIONS = ("method", "host", "path", "persona", "nth", "from_nth", "every", "probability", "seed", "times")


def _add_fault(options: argparse.Namespace) -> None:
    rule = {name: value for name in _EFFECT_OPTIONS + _MATCH_OPTIONS if (value := getattr(options, name)) is not None}
    if options.effect.isdecimal():
        rule |= {"effect": "status", "code": int(options.effect)}
    else:
        rule["effect"] = options.effect
    _control(options).add_fault(**rule)


def _list_faults(options: argparse.Namespace) -> None:
    for rule in _control(options).faults():
        print(" ".join(f"{name}={value}" for name, value in rule.items()))


def _print_log(options: argparse.Namespace) -> None:
    control = _control(options)
    if options.summary:
        counts = control.summary()
        print(json.dumps(counts) if options.json else _summary_table(counts))
        return
    for row in control.log():
        print(json.dumps(row) if options.json else _format_row(row))


def _format_row(row: dict[str, Any]) -> str:
    sizes = f"{row['bytes_in']}>{row['bytes_out']}"
    status = row["status"] or "---"
    fault = f"  [{row['fault']}]" if "fault" in row else ""
    result = f"{row['method']:6} {status} {row['persona']:12} {sizes:>14} B {row['seconds']:8.3f} s"
    return f"{rfc3339(row['clock'])} {result}  {row['host']}{row['path']}{fault}"


def _summary_table(counts: dict[str, Any]) -> str:
    rows = [("method", "requests", "bytes in", "bytes out")]
    parts = {**counts["methods"], "all": counts}
    rows += [(name, part["requests"], part["bytes_in"], part["bytes_out"]) for name, part in parts.items()]
    return "\n".join(f"{name:8} {count:>10} {into:>14} {out:>14}" for name, count, into, out in rows)
