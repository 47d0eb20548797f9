"""The tables, made of facts: a caption, the heads of the columns, and the rows."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias, TypeVar

from docutils import nodes

from guide.facts import Bucket, ExtraTeam, Facts
from guide.facts.servers import Gpu
from guide.pages.fact_values import FactError
from hubfacts.schema import NodeShare

_Section = TypeVar("_Section")
Table: TypeAlias = tuple[str, list[str], list[list[str]]]


def table(caption: str, head: list[str], rows: list[list[str]]) -> nodes.table:
    """Return a table for Sphinx, with header cells and, unless it is empty, a caption."""
    node = nodes.table("", *([nodes.title(text=caption)] if caption else []))
    group = nodes.tgroup(cols=len(head))
    node += group
    group += [nodes.colspec(colwidth=1) for _ in head]
    group += nodes.thead("", _row(head))
    group += nodes.tbody("", *(_row(row) for row in rows))
    return node


def _row(cells: list[str]) -> nodes.row:
    return nodes.row("", *(nodes.entry("", _cell(cell)) for cell in cells))


def _cell(text: str) -> nodes.paragraph:
    if text.startswith("https://"):
        return nodes.paragraph("", "", nodes.reference("", text, refuri=text))
    if re.fullmatch(r"[\w.-]+@[\w.-]+", text):
        return nodes.paragraph("", "", nodes.reference("", text, refuri=f"mailto:{text}"))
    return nodes.paragraph(text=text)


def _remark(note: str | None) -> str:
    return f"; {note}" if note else ""


def _days(count: float) -> str:
    return f"{count:g} day{'' if count == 1 else 's'}"


def _section(facts: Facts, name: str, section: _Section | None) -> _Section:
    """Return an optional section of the facts. Raises ``FactError`` for a hub without it."""
    if section is None:
        raise FactError(f"{name}: the hub {facts.hub.url} has none, so a page that needs it must say so")
    return section


def _hub(facts: Facts) -> Table:
    hub = facts.hub
    rows = [
        ["Address", hub.url],
        ["Log in with", hub.login.with_ + _remark(hub.login.note)],
        ["Cloud", f"{hub.cloud}, region {hub.region}, zone {hub.zone}"],
        ["Operated by", hub.operator.name],
        ["Configuration", hub.configuration],
        ["Questions", facts.help.contact or ""],
    ]
    return "", ["Setting", "Value"], rows


def _tiers(facts: Facts) -> Table:
    def shares(names: list[str]) -> str:
        sizes = [f"{facts.node_shares.options[name].mem_limit_gib:g}" for name in names]
        return f"{', '.join(sizes)} GiB" if sizes else "none"

    rows = []
    for tier in facts.access.tiers:
        gpus = [", ".join(facts.gpus.options[name].label for name in tier.gpus) or "none"] if facts.gpus else []
        rows.append([tier.name, tier.team, shares(tier.cpu_node_shares), *gpus])
    head = ["Tier", f"{facts.hub.login.with_} team", "Node shares", *(["GPU"] if facts.gpus else [])]
    return "Tiers and their choices", head, rows


def _tier_details(facts: Facts) -> Table:
    rows = [
        [
            tier.name,
            tier.formerly or "-",
            f"after {tier.renew_every_months} months unless renewed" if tier.renew_every_months else "not stated",
            tier.note or "-",
        ]
        for tier in facts.access.tiers
    ]
    return "Older names and end dates of tiers", ["Tier", "Older name", "Expires", "Note"], rows


def _extra_teams(facts: Facts) -> Table:
    def adds(name: str, team: ExtraTeam) -> str:
        if team.everything:
            return "every machine and every node share"
        labels = [facts.node_shares.options[share].label for share in team.cpu_node_shares]
        parts = [f"the node shares {labels[0]} to {labels[-1]}"] if labels else []
        parts += [facts.gpus.options[gpu].label for gpu in team.gpus] if facts.gpus else []
        for further in facts.further_profiles:
            sizes = ", ".join(share.label for share in further.options.values())
            parts += [f"the profile {further.profile} ({sizes}, on {further.machine})"] * (name in further.teams)
        return " and ".join(parts)

    rows = [
        [name, adds(name, team), "yes" if name in facts.access.allowed_teams else "no, it only adds to a tier"]
        for name, team in facts.access.extra_teams.items()
    ]
    login_only = facts.access.login_only_teams.items()
    rows += [[name, f"the folder {folder}", "yes, but it adds no node share"] for name, folder in login_only]
    return "Other teams", [f"{facts.hub.login.with_} team", "Adds", "Grants hub access"], rows


def _memory(share: NodeShare) -> str:
    limit = f"{share.mem_limit_gib:g} GiB"
    return f"{share.mem_guarantee_gib:g} to {limit}" if share.mem_guarantee_gib else limit


def _node_shares(facts: Facts) -> Table:
    rows = [
        [
            share.label,
            _memory(share),
            f"{share.cpu_guarantee:g} to {share.cpu_limit:g}",
        ]
        for share in facts.node_shares.options.values()
    ]
    head = ["Choice", "Memory (guaranteed to limit)", "CPUs (guaranteed to limit)"]
    return f"Node shares of a CPU node ({facts.node_shares.machine})", head, rows


def _gpus(facts: Facts) -> Table:
    def users(name: str, gpu: Gpu) -> str:
        tiers = ", ".join(tier.name for tier in facts.access.tiers if name in tier.gpus)
        return gpu.reserved_for or tiers or "everybody"

    rows = [
        [gpu.label + " (default)" * gpu.default, f"{gpu.mem_limit_gib:g} GiB", users(name, gpu)]
        for name, gpu in _section(facts, "gpus", facts.gpus).options.items()
    ]
    return "GPU servers", ["Choice", "Memory limit", "Available to"], rows


def _gpu_machines(facts: Facts) -> Table:
    gpus = _section(facts, "gpus", facts.gpus)
    images = ", ".join(name for name in gpus.images)
    rows = [
        [name, gpu.machine, f"{gpu.vram_gb} GB", f"{gpu.mem_limit_gib:g} GiB", images]
        for name, gpu in gpus.options.items()
    ]
    head = ["GPU", "Node type", "GPU memory", "Server memory limit", "Images"]
    return "Nodes with a GPU", head, rows


def _images(facts: Facts) -> Table:
    with_gpu = facts.gpus.images if facts.gpus else []
    rows = [
        [
            image.label,
            image.ref,
            image.for_,
            "CPU only" if image.cpu_only else "CPU and GPU" if name in with_gpu else "CPU",
        ]
        for name, image in facts.images.options.items()
    ]
    return "Software images", ["Choice", "Reference", "Use it for", "Runs on"], rows


def _custom_image(facts: Facts) -> Table:
    custom = _section(facts, "custom-image", facts.images.custom)
    rows = [
        ["Choice in the form", custom.choice],
        ["Form of a reference", custom.form],
        ["Example", custom.example],
        ["The image must", custom.must],
        *([["Build your own", custom.build_your_own]] if custom.build_your_own else []),
    ]
    return "Custom images", ["Setting", "Value"], rows


def _right(bucket: Bucket) -> str:
    return "read and write" if bucket.hub == "write" else "read only"


def _buckets(facts: Facts) -> Table:
    group = ["Writable by the writers' group"] if facts.buckets.has_writers else []
    rows = [
        [
            f"gs://{name}",
            _right(bucket),
            *("yes" if bucket.writers_group else "no" for _ in group),
            f"after {_days(bucket.delete_after_days)}" if bucket.delete_after_days else "never",
            bucket.for_,
        ]
        for name, bucket in facts.buckets.options.items()
    ]
    head = ["Bucket", "Access from the hub", *group, "Objects are deleted", "Use it for"]
    return "Buckets", head, rows


def _rights(facts: Facts) -> Table:
    elsewhere = ["From elsewhere, in the writers' group"] if facts.buckets.has_writers else []
    rows = [
        [
            f"gs://{name}",
            "storage.admin" if bucket.hub == "write" else "storage.objectViewer",
            *("storage.admin" if bucket.writers_group else "none" for _ in elsewhere),
            "for the whole bucket only" if bucket.uniform_access else "for the bucket and for single objects",
        ]
        for name, bucket in facts.buckets.options.items()
    ]
    head = ["Bucket", "From a server of the hub", *elsewhere, "Permissions can be set"]
    return "Roles by location", head, rows


def _osn(facts: Facts) -> Table:
    osn = _section(facts, "osn", facts.osn)
    rows = [[name, bucket.rule] for name, bucket in osn.buckets.items()]
    return f"Buckets of the Open Storage Network ({osn.host})", ["Bucket", "Write access"], rows


def _variables(facts: Facts) -> Table:
    rows = [
        [
            name,
            variable.value.replace("$(JUPYTERHUB_USER)", "<your username>").replace("$(IMAGE)", "-"),
            variable.means,
        ]
        for name, variable in facts.environment_variables.values.items()
    ]
    return "", ["Variable", "Value", "Meaning"], rows


def _timeouts(facts: Facts) -> Table:
    timeouts = facts.hub.timeouts
    rows = [
        ["Idle kernel is stopped after", f"{timeouts.idle_kernel_culled_after_s / 3600:g} h"],
        ["Idle server is stopped after", f"{timeouts.idle_server_culled_after_s / 3600:g} h"],
        ["Any server is stopped after", _days(timeouts.server_max_age_s / 86400)],
        ["Starting a server may take up to", f"{timeouts.spawn_timeout_s / 60:g} min"],
    ]
    return "Timeouts of kernels and servers", ["Timeout", "Limit"], rows


def _dask_gateway_options(facts: Facts) -> Table:
    gateway = _section(facts, "dask_gateway", facts.dask_gateway)
    sizes = list(gateway.worker_resource_allocation)
    on_workers = ", ".join(facts.environment_variables.on_dask_workers)
    rows = [
        ["instance_type", "type of the nodes that workers share", gateway.instance_type, gateway.instance_type],
        ["worker_resource_allocation", "size of each worker", "one of the sizes below", sizes[0]],
        ["image", "software of scheduler and workers", "a reference with a tag", gateway.image],
        ["environment", "variables of the workers", "names and values", on_workers],
        ["idle_timeout_minutes", "minutes until an idle cluster stops", "a number", str(gateway.idle_timeout_minutes)],
    ]
    return "Options of a Dask Gateway cluster", ["Option", "Meaning", "Allowed values", "Default"], rows


def _worker_sizes(facts: Facts) -> Table:
    gateway = _section(facts, "dask_gateway", facts.dask_gateway)
    sizes = gateway.worker_resource_allocation
    rows = [
        [
            name,
            str(size.threads),
            f"{size.cores:g} to {size.cores_limit or size.cores:g}",
            f"{size.memory.removesuffix('G')} GiB",
        ]
        for name, size in sizes.items()
    ]
    machines = "the cloud can reclaim" if gateway.preemptible_workers else "are not reclaimed while they run"
    return (
        f"Worker sizes, on nodes that {machines}",
        ["worker_resource_allocation", "Threads", "Cores (guaranteed to limit)", "Memory limit"],
        rows,
    )


def _lifetimes(facts: Facts) -> Table:
    rows = [
        [
            f"Object in gs://{name}",
            f"from {_days(bucket.delete_after_days)} after it was written{_remark(bucket.note)}",
        ]
        for name, bucket in facts.buckets.options.items()
        if bucket.delete_after_days
    ]
    rows += [
        [f"Membership in the tier {tier.name}", f"after {tier.renew_every_months} months unless renewed"]
        for tier in facts.access.tiers
        if tier.renew_every_months
    ]
    if facts.dask_gateway:
        minutes = facts.dask_gateway.idle_timeout_minutes
        rows.append(["Idle Dask Gateway cluster", f"after {minutes} min, or the time that you set"])
    rows.append(["Access token of a server", f"after {facts.buckets.identity.token_lives_s / 60:g} min"])
    return "What else expires", ["Item", "Expires"], rows


def _channels(facts: Facts) -> Table:
    chat = _section(facts, "channels", facts.help.chat)
    return f"Channels of {chat.name}", ["Channel", "Ask about"], [[name, what] for name, what in chat.channels.items()]


def _help(facts: Facts) -> Table:
    places, status_page = facts.help, facts.hub.operator.status_page
    older = f" (in the documentation until {places.listed_until})" if places.listed_until else ""
    hours = places.office_hours
    rows = [
        ("Ask by e-mail", places.email),
        ("Find out how to reach the hub's team", None if places.email else places.website),
        (f"Check for outages of {facts.hub.operator.name}'s hubs", status_page),
        (f"Ask in the forum{older}", places.forum),
        (f"Come to the office hours ({hours.when}, {hours.where}){older}" if hours else "", hours and hours.book),
        ("Apply for a tier", places.application_form),
        ("Browse the datasets", places.catalog),
        ("Request a dataset", places.new_dataset_request),
        ("Report a problem with a dataset", places.dataset_issues),
        ("Start a dataset recipe", places.feedstock_template),
    ]
    return "Contacts and forms", ["To", "Use"], [[what, where] for what, where in rows if where]


def _more(facts: Facts) -> Table:
    return "More features of the hub", ["Feature", "Details"], [[service.name, service.what] for service in facts.more]


def _home(facts: Facts) -> Table:
    home = facts.home
    rows = [
        ["Path", home.path],
        ["Use it for", home.meant_for],
        *([["Recommended maximum", f"{home.recommended_gb} GB"]] if home.recommended_gb else []),
        ["Hard limit", f"{home.hard_quota_gib} GiB"],
    ]
    rows += [["Note", home.note]] if home.note else []
    return "Home directory", ["Setting", "Value"], rows


def _sources(facts: Facts) -> Table:
    rows = [[source.what, source.commit or "-", source.date] for source in facts.sources.values()]
    return "", ["Source", "Commit", "Date"], rows


TABLES: dict[str, Callable[[Facts], Table]] = {
    "hub": _hub,
    "tiers": _tiers,
    "tier-details": _tier_details,
    "extra-teams": _extra_teams,
    "node-shares": _node_shares,
    "gpus": _gpus,
    "gpu-machines": _gpu_machines,
    "images": _images,
    "custom-image": _custom_image,
    "buckets": _buckets,
    "rights": _rights,
    "osn": _osn,
    "environment-variables": _variables,
    "dask-gateway-options": _dask_gateway_options,
    "worker-sizes": _worker_sizes,
    "timeouts": _timeouts,
    "lifetimes": _lifetimes,
    "channels": _channels,
    "help": _help,
    "home": _home,
    "more": _more,
    "sources": _sources,
}
