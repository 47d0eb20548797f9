"""Tables made of facts: a caption, the heads of the columns and the rows, by name."""

from __future__ import annotations

from collections.abc import Callable

from docutils import nodes

from fakehub.facts import Facts

Table = tuple[str, list[str], list[list[str]]]


def table(caption: str, head: list[str], rows: list[list[str]]) -> nodes.table:
    """A table as Sphinx renders it, with header cells and a caption."""
    found = nodes.table("", nodes.title(text=caption))
    group = nodes.tgroup(cols=len(head))
    found += group
    group += [nodes.colspec(colwidth=1) for _ in head]
    group += nodes.thead("", _row(head))
    group += nodes.tbody("", *(_row(row) for row in rows))
    return found


def _row(cells: list[str]) -> nodes.row:
    return nodes.row("", *(nodes.entry("", _cell(cell)) for cell in cells))


def _cell(text: str) -> nodes.paragraph:
    if text.startswith("https://"):
        return nodes.paragraph("", "", nodes.reference("", text, refuri=text))
    return nodes.paragraph(text=text)


def _hub(facts: Facts) -> Table:
    hub = facts.hub
    rows = [
        ["Address", hub.url],
        ["Log in with", hub.login.with_],
        ["Cloud", f"{hub.cloud}, region {hub.region}, zone {hub.zone}"],
        ["Run by", hub.operator.name],
        ["Configuration", hub.configuration],
        ["Questions", facts.help.forum],
    ]
    return "The hub", ["What", "Value"], rows


def _tiers(facts: Facts) -> Table:
    def shares(names: list[str]) -> str:
        sizes = [f"{facts.node_shares.options[name].mem_limit_gb:g}" for name in names]
        return f"{', '.join(sizes)} GB" if sizes else "none"

    rows = []
    for tier in facts.access.tiers:
        gpus = ", ".join(facts.gpus.options[name].label for name in tier.gpus) or "none"
        rows.append([tier.name, tier.team, shares(tier.cpu_node_shares), gpus])
    return "Tiers and what each may start", ["Tier", "GitHub team", "Node shares", "GPU"], rows


def _node_shares(facts: Facts) -> Table:
    rows = [
        [share.label, f"{share.mem_limit_gb:g} GB", f"{share.cpu_guarantee:g} to {share.cpu_limit:g}"]
        for share in facts.node_shares.options.values()
    ]
    head = ["Choice", "Memory limit", "CPUs, guaranteed to most"]
    return f"Node shares of the CPU machine ({facts.node_shares.machine})", head, rows


def _gpus(facts: Facts) -> Table:
    rows = [
        [gpu.label, f"{gpu.mem_limit_gb:g} GB", f"team {gpu.team}" if gpu.team else "Research tiers"]
        for gpu in facts.gpus.options.values()
    ]
    return "GPU machines", ["Choice", "Memory limit", "For"], rows


def _images(facts: Facts) -> Table:
    rows = [
        [
            image.label,
            image.ref,
            "CPU only" if image.cpu_only else "GPU too" if name in facts.gpus.images else "CPU",
        ]
        for name, image in facts.images.options.items()
    ]
    return "Images", ["Choice", "Reference", "Machines"], rows


def _buckets(facts: Facts) -> Table:
    def right(bucket) -> str:
        return "read and write" if bucket.hub == "write" else "read only"

    rows = [
        [
            f"gs://{name}",
            right(bucket),
            "yes" if bucket.writers_group else "no",
            f"{bucket.delete_after_days} days" if bucket.delete_after_days else "never",
            bucket.for_,
        ]
        for name, bucket in facts.buckets.options.items()
    ]
    head = ["Bucket", "From the hub", "Writers' group may write", "Objects vanish after", "For"]
    return "Buckets", head, rows


def _variables(facts: Facts) -> Table:
    rows = [
        [
            name,
            variable.value.replace("$(JUPYTERHUB_USER)", "<your username>").replace("$(IMAGE)", "-"),
            variable.means,
        ]
        for name, variable in facts.environment_variables.values.items()
    ]
    return "Variables in every server", ["Variable", "Value", "What it is"], rows


def _timeouts(facts: Facts) -> Table:
    timeouts = facts.hub.timeouts
    rows = [
        ["An idle kernel is stopped after", f"{timeouts.idle_kernel_culled_after_s / 3600:g} h"],
        ["A server is stopped after", f"{timeouts.server_max_age_s / 86400:g} days"],
        ["Starting may take up to", f"{timeouts.spawn_timeout_s / 60:g} min"],
    ]
    return "What ends by itself", ["What", "When"], rows


def _sources(facts: Facts) -> Table:
    rows = [[source.what, source.commit or "-", source.date] for source in facts.sources.values()]
    return "Where the facts were read", ["Source", "Commit", "Date"], rows


TABLES: dict[str, Callable[[Facts], Table]] = {
    "hub": _hub,
    "tiers": _tiers,
    "node-shares": _node_shares,
    "gpus": _gpus,
    "images": _images,
    "buckets": _buckets,
    "environment-variables": _variables,
    "timeouts": _timeouts,
    "sources": _sources,
}
