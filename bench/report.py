"""The rows of a run, the targets they must meet, and the tables in the README."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench import first_output, site
from bench.growth import FEW, FIRST_ANSWER, MEMORY, bucket_name, growth_names
from bench.large import names_of_large, names_of_many
from bench.results import Results, Row, make_row
from bench.samples import Plan, Sampler
from bench.servers import COMPILED, OURS, OURS_TLS, PEERS, PYTHON
from bench.storage import CONNECTIONS, DOWN, LABELS, UP, small_name
from bench.through_gcsfs import CAT, PUT
from bench.upload_growth import ONE_WORKER, SLOPE, WORKERS
from bench.uploads import LIMIT, LINES, NAIVE, VERSUS
from guide.paths import ROOT

# A run writes everything in the README below this line.
MARK = "<!-- from here on written by `make bench` -->"
BOOKS_MARK = "<!-- from here on written by `python -m bench.building` -->"
# How the names of rows begin that ``bench.building`` measures.
BOOKS = ("build ", "memory, build ", "per-notebook ", "slope of clean builds ", "the edited notebook's code ")


@dataclass(frozen=True)
class Target:
    """The least or the most that a row may show: of its ratio to ``peer``, or of its value if there is no peer."""

    name: str
    peer: str | None
    least: float | None = None
    most: float | None = None

    def verdict(self, rows: list[Row]) -> str:
        """Return one line that says whether the target is met, missed or not measured."""
        row = next(row for row in rows if row.name == self.name and self.peer in (None, row.peer))
        figure = row.ratio if self.peer else row.value
        unit = f"x {self.peer}" if self.peer else f" {row.unit}"
        target = f"at least {self.least}" if self.least is not None else f"at most {self.most}"
        if figure is None:
            return f"not measured: {self.name}, target {target}{unit}"
        met = (self.least is None or figure >= self.least) and (self.most is None or figure <= self.most)
        return f"{'met' if met else 'MISSED'}: {self.name} is {figure:.2f}{unit}, target {target}"


def rows_of(sampler: Sampler, plan: Plan) -> list[Row]:
    """Return our figures beside each peer's, then over TLS beside plain HTTP, memory, growth and uploads."""
    names = [small_name(operation, count) for count in CONNECTIONS for operation in LABELS]
    names += [UP, DOWN, PUT, CAT]
    rows = [_row(sampler, name, OURS, peer) for name in (*names, FIRST_ANSWER) for peer in PEERS]
    rows += [_row(sampler, name, OURS_TLS, OURS) for name in names]
    rows.append(_row(sampler, MEMORY, OURS, None))
    full, few = bucket_name(plan.objects), bucket_name(FEW)
    rows += [_row(sampler, name, full, few) for name in growth_names()]
    large = [name for way in ("upload", "download") for name in names_of_large(way, plan)]
    rows += [_row(sampler, name, OURS, COMPILED) for name in (*large, *names_of_many(plan))]
    rows += [_row(sampler, line.row, OURS, LIMIT) for line in LINES]
    rows += [
        _row(sampler, VERSUS, OURS, NAIVE),
        _row(sampler, SLOPE, OURS, None),
        _row(sampler, WORKERS, OURS, ONE_WORKER),
    ]
    return list(filter(None, rows))


def rows_of_site(sampler: Sampler) -> list[Row]:
    """Return the figures of the site beside those of the same pages in stock form."""
    names = [site.category_name(category, page) for category in site.CATEGORIES for page in site.PAGES]
    names += [site.weight_name(page) for page in site.PAGES]
    return list(filter(None, [_row(sampler, name, site.OURS, site.STOCK) for name in names]))


def rows_of_browser(sampler: Sampler) -> list[Row]:
    """Return the seconds to a first output in the browser beside those of JupyterLite."""
    names = (first_output.COLD, first_output.WARM)
    return list(filter(None, [_row(sampler, name, first_output.OURS, first_output.LITE) for name in names]))


def _row(sampler: Sampler, name: str, server: str, peer: str | None) -> Row | None:
    """Return the row of a figure; ``None`` if this run does not measure it."""
    if name not in sampler.units:
        return None
    value, peer_value = sampler.median(name, server), sampler.median(name, peer) if peer else None
    labels = {OURS: name, site.OURS: name, first_output.OURS: name, OURS_TLS: f"{name}, TLS"}
    label = labels.get(server, f"{name} in {server}")
    return make_row(label, sampler.units[name], value, peer, peer_value)


def targets(plan: Plan) -> list[Target]:
    """Return the targets of the stand-in and of the guide's upload script."""
    small = [small_name(operation, max(CONNECTIONS)) for operation in ("put", "get", "list")]
    full, few = bucket_name(plan.objects), bucket_name(FEW)
    return [
        *(Target(name, COMPILED, least=1.5) for name in (PUT, CAT)),
        *(Target(name, COMPILED, least=1) for name in small),
        *(Target(name, PYTHON, least=5) for name in small),
        *(Target(name, peer, least=0.8) for name in (UP, DOWN) for peer in PEERS),
        *(Target(f"{name}, TLS", OURS, least=0.6) for name in (*small, UP, DOWN, PUT, CAT)),
        Target(MEMORY, None, most=1.5),
        *(Target(f"{name} in {full}", few, most=1.5) for name in growth_names()),
        *(Target(names_of_large(way, plan)[1], None, most=300) for way in ("upload", "download")),
        *(Target(names_of_large(way, plan)[3], None, most=100) for way in ("upload", "download")),
        Target(names_of_many(plan)[0], None, most=600),
        Target(names_of_many(plan)[1], None, most=5),
        *(Target(line.row, LIMIT, least=0.85) for line in LINES),
        Target(VERSUS, NAIVE, least=3),
        Target(SLOPE, None, most=1.1),
        Target(WORKERS, ONE_WORKER, least=1.7),
    ]


def targets_of_site() -> list[Target]:
    """Return the targets for Lighthouse's scores and for the bytes of a first view."""
    full_marks = [site.category_name(category, page) for category in site.CATEGORIES[1:] for page in site.PAGES]
    return [
        *(Target(name, None, least=100) for name in full_marks),
        *(Target(site.category_name("performance", page), None, least=98) for page in site.TEXT),
        Target(site.category_name("performance", site.NOTEBOOK), None, least=95),
        *(Target(site.weight_name(page), None, most=120) for page in site.PAGES),
    ]


def write(folder: Path, rows: list[Row], targets: list[Target], failures: list[str], only: str | None) -> str:
    """Write the results and the README into ``folder``; return the table and the verdicts as text.

    Rows of books are kept, and if ``only`` names a part, all other rows as well. ``failures`` say what could not be
    measured.
    """
    before, now = Results.read(folder), Results.of_now()
    books = [row for row in before.rows if row.name.startswith(BOOKS)]
    others = [row for row in before.rows if row not in books]
    if only:
        again = before.again | {only: {"date": now.date, "commit": now.commit}}
        rows = _merged(others, rows)
        results = Results(before.machine, before.date, before.commit, again, [*before.failures, *failures])
    else:
        results = Results(now.machine, now.date, now.commit, failures=failures)
    results.rows = [*rows, *books]
    results.write(folder)
    verdicts = [target.verdict(rows) for target in targets if target.name in {row.name for row in rows}]
    _write_page(folder / "README.md", _section(results, rows, verdicts))
    return "\n".join([*table(rows), "", *verdicts])


def _merged(old: list[Row], new: list[Row]) -> list[Row]:
    """Return the ``old`` rows, replaced where a ``new`` one has the same name and peer, then the other ``new`` ones."""
    by_name = {(row.name, row.peer): row for row in [*old, *new]}
    return list(by_name.values())


def _section(results: Results, rows: list[Row], verdicts: list[str]) -> list[str]:
    """Return the part of the README that a run writes."""
    machine = results.machine
    lines = [
        f"Measured on {results.date} at commit {results.commit}: {machine.cores} cores, `{machine.cpu}`, "
        f"{machine.memory_gb} GB of memory, {machine.system}, Python {machine.python}."
    ]
    lines += [
        f"{part.capitalize()} measured again on {of['date']} at commit {of['commit']}."
        for part, of in results.again.items()
    ]
    lines += ["", *table(rows), "", "## Targets", "", *(f"- {verdict}" for verdict in verdicts)]
    if results.failures:
        lines += ["", "## Not measured", "", *(f"- {failure}" for failure in results.failures)]
    return lines


def _write_page(page: Path, section: list[str]) -> None:
    """Write the README: this project's prose, the ``section`` and the part on books that ``page`` has already."""
    prose = (ROOT / "bench" / "README.md").read_text(encoding="utf-8").partition(MARK)[0]
    _, mark, books = page.read_text(encoding="utf-8").partition(BOOKS_MARK) if page.is_file() else ("", "", "")
    page.write_text("\n".join([prose + MARK, "", *section, "", mark]).rstrip() + (books or "\n"), encoding="utf-8")


def table(rows: list[Row]) -> list[str]:
    """Return the rows as lines of a Markdown table."""
    lines = ["| figure | ours | unit | compared with | its value | ratio |", "|---|--:|---|---|--:|--:|"]
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        peer_value = _text(row.peer_value) if row.peer else ""
        lines.append(f"| {row.name} | {_text(row.value)} | {row.unit} | {row.peer or ''} | {peer_value} | {ratio} |")
    return lines


def _text(value: float | None) -> str:
    return "not measured" if value is None else f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
