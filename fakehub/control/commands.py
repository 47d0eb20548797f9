"""The commands that steer a running stand-in: ``clock``, ``network``, ``faults`` and ``log``."""

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


def add_commands(commands: argparse._SubParsersAction) -> None:
    """Add the commands; each leaves in ``do`` what to call with the options."""
    session = argparse.ArgumentParser(add_help=False)
    session.add_argument("--session", type=Path, help="its directory (default: the session this runs in)")
    for add in (_add_clock, _add_network, _add_faults, _add_log):
        add(commands, session)


def _actions(
    commands: argparse._SubParsersAction, name: str, about: str, session: argparse.ArgumentParser
) -> Callable[..., argparse.ArgumentParser]:
    """A command with actions of its own: what adds one of them."""
    actions = commands.add_parser(name, help=about).add_subparsers(dest="action", required=True)

    def add(action: str, do: Callable[[argparse.Namespace], None], about: str) -> argparse.ArgumentParser:
        parser = actions.add_parser(action, parents=[session], help=about)
        parser.set_defaults(do=do)
        return parser

    return add


def _add_clock(commands: argparse._SubParsersAction, session: argparse.ArgumentParser) -> None:
    add = _actions(commands, "clock", "read the stand-in's clock, or move it forward", session)
    add("show", _show_clock, "print the stand-in's time")
    add("advance", _advance, "move the clock").add_argument("duration", type=_checked(units.duration), help="8d, 90m …")


def _add_network(commands: argparse._SubParsersAction, session: argparse.ArgumentParser) -> None:
    add = _actions(commands, "network", "make the network slow", session)
    add("show", lambda options: _print_network(_control(options).network()), "print its settings")
    add("clear", lambda options: _print_network(_control(options).set_network(NetworkSettings())), "as fast as can be")
    sets = add("set", _set_network, "set everything anew")
    sets.add_argument("--latency", type=_checked(units.duration), default=0.0, help="wait of each request, as in 50ms")
    sets.add_argument("--jitter", type=_checked(units.duration), default=0.0, help="at most this much more, at random")
    sets.add_argument("--bandwidth", type=_checked(units.rate), help="each way of each connection, as in 10MB/s")
    sets.add_argument("--total-bandwidth", type=_checked(units.rate), help="each way, of all connections together")
    sets.add_argument("--seed", type=int, default=0, help="of the jitter (default: %(default)s)")


def _add_faults(commands: argparse._SubParsersAction, session: argparse.ArgumentParser) -> None:
    add = _actions(commands, "faults", "let requests go wrong", session)
    add("list", _list_faults, "print the rules, and how often each struck")
    add("clear", lambda options: _control(options).clear_faults(), "forget all rules")
    rule = add("add", _add_fault, "add a rule")
    rule.add_argument("effect", help=_EFFECTS)
    rule.add_argument("--retry-after", type=int, metavar="SECONDS", help="with a status: the header's value")
    rule.add_argument("--seconds", type=float, help="of a stall")
    rule.add_argument("--at", type=_checked(units.size), metavar="SIZE", help="where the body breaks off (its middle)")
    rule.add_argument("--bytes", type=int, help="how many bytes arrive wrong (1)")
    rule.add_argument("--code", type=int, help="of a dropped upload: 404 or 410")
    rule.add_argument("--method", type=str.upper, help="requests with this method only")
    rule.add_argument("--host", help="to this host only")
    rule.add_argument("--path", metavar="REGEX", help="with this in their path and query only")
    rule.add_argument("--persona", help="of this persona only")
    rule.add_argument("--nth", type=int, help="of these requests the nth")
    rule.add_argument("--every", type=int, metavar="N", help="or every Nth")
    rule.add_argument("--probability", type=float, metavar="P", help="or each with this probability")
    rule.add_argument("--seed", type=int, help="of the probability and of the bytes that arrive wrong (0)")
    rule.add_argument("--times", type=int, help="so many times at most")


def _add_log(commands: argparse._SubParsersAction, session: argparse.ArgumentParser) -> None:
    log = commands.add_parser("log", parents=[session], help="print the requests so far")
    log.add_argument("--summary", action="store_true", help="how many requests and bytes, by method")
    log.add_argument("--json", action="store_true", help="as JSON; without --summary one line a request")
    log.set_defaults(do=_log)


def _checked(parse: Callable[[str], float]) -> Callable[[str], float]:
    """``parse`` with its message kept, which argparse would replace by one of its own."""

    def checked(text: str) -> float:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return checked


def _control(options: argparse.Namespace) -> Control:
    """The stand-in that is meant; raises ``ControlError`` outside of a session."""
    folder = options.session or os.environ.get("FAKEHUB_SESSION")
    if not folder:
        raise ControlError("no session: run this inside of `fakehub run`, or name one with --session DIR")
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


def _add_fault(options: argparse.Namespace) -> None:
    names = ("retry_after", "seconds", "at", "bytes", "code", "method", "host", "path", "persona")
    names += ("nth", "every", "probability", "seed", "times")
    rule = {name: value for name in names if (value := getattr(options, name)) is not None}
    if options.effect.isdecimal():
        rule |= {"effect": "status", "code": int(options.effect)}
    else:
        rule["effect"] = options.effect
    _control(options).add_fault(**rule)


def _list_faults(options: argparse.Namespace) -> None:
    for rule in _control(options).faults():
        print(" ".join(f"{name}={value}" for name, value in rule.items()))


def _log(options: argparse.Namespace) -> None:
    control = _control(options)
    if options.summary:
        found = control.summary()
        print(json.dumps(found) if options.json else _summary_table(found))
        return
    for row in control.log():
        print(json.dumps(row) if options.json else _line(row))


def _line(row: dict[str, Any]) -> str:
    sizes = f"{row['bytes_in']}>{row['bytes_out']}"
    status = row["status"] or "---"
    fault = f"  [{row['fault']}]" if "fault" in row else ""
    what = f"{row['method']:6} {status} {row['persona']:12} {sizes:>14} B {row['seconds']:8.3f} s"
    return f"{rfc3339(row['clock'])} {what}  {row['host']}{row['path']}{fault}"


def _summary_table(found: dict[str, Any]) -> str:
    rows = [("method", "requests", "bytes in", "bytes out")]
    parts = {**found["methods"], "all": found}
    rows += [(name, part["requests"], part["bytes_in"], part["bytes_out"]) for name, part in parts.items()]
    return "\n".join(f"{name:8} {count:>10} {into:>14} {out:>14}" for name, count, into, out in rows)
