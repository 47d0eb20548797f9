"""The diagrams, made of facts."""

from __future__ import annotations

from collections.abc import Callable

from guide.facts import Bucket, Facts
from guide.site.facts.drawing import Arrow, Box, Drawing


def _how_the_hub_is_built(facts: Facts) -> Drawing:
    region = facts.hub.region
    you = Box("You", "a browser", 0, 0)
    hub = Box("The hub", facts.hub.url.removeprefix("https://").rstrip("/"), 1, 0)
    organization = facts.access.organization
    login = Box(facts.hub.login.with_, f"teams of {organization}" if organization else "your account", 2, 0)
    home = Box("Home directory", f"{facts.home.path}, network disk", 0, 1)
    server = Box("Your server", f"JupyterLab, from one of {len(facts.images.options)} images", 1, 1)
    buckets = Box("Buckets", f"{len(facts.buckets.options)} of them, in {region}", 2, 1)
    has_buckets = bool(facts.buckets.options)
    boxes = [you, hub, *([login] if facts.hub.login.button else []), home, server, *([buckets] if has_buckets else [])]
    arrows = [
        Arrow(you, hub, "log in"),
        *([Arrow(hub, login, "checks your teams" if organization else "asks who you are")] if login in boxes else []),
        Arrow(hub, server, "starts"),
        Arrow(server, home, "files"),
        *([Arrow(server, buckets, "objects")] if has_buckets else []),
    ]
    if facts.dask_gateway:
        gateway = Box("Dask Gateway", "starts clusters", 1, 2)
        workers = Box("Workers", f"on nodes of type {facts.dask_gateway.instance_type}", 2, 2)
        boxes += [gateway, workers]
        arrows += [Arrow(server, gateway, "requests workers"), Arrow(gateway, workers, "starts")]
        arrows += [Arrow(workers, buckets, "objects")] if has_buckets else []
    return Drawing("How the hub works", tuple(boxes), tuple(arrows))


def _life_of_a_file(facts: Facts) -> Drawing:
    stays = f"up to {facts.home.hard_quota_gib} GiB"
    rows = [("Anywhere else", "in the container", "Deleted", "when the server stops")]
    rows += [("Home directory", facts.home.path, "Kept", stays)]
    for name, bucket in facts.buckets.options.items():
        rows += [(name, bucket.for_, *_end_of_a_file(bucket))] if bucket.hub == "write" else []
    server = Box("Your server", "code writes a file", 0, (len(rows) - 1) / 2)
    boxes, arrows = [server], []
    for row, (name, about, end, when) in enumerate(rows):
        place, last = Box(name, about, 1, row), Box(end, when, 2, row)
        boxes += [place, last]
        arrows += [Arrow(server, place, "writes to"), Arrow(place, last, "then")]
    return Drawing("The life of a file", tuple(boxes), tuple(arrows))


def _end_of_a_file(bucket: Bucket) -> tuple[str, str]:
    if bucket.delete_after_days is None:
        return "Kept", "until you delete it, at a monthly cost"
    return "Deleted", f"from {bucket.delete_after_days} days after it was written"


def _who_may_write(facts: Facts) -> Drawing:
    middle = (len(facts.buckets.options) - 1) / 2
    servers = Box("Any server of the hub", "regardless of its owner", 0, middle - 0.6)
    group = Box("The writers' group", "anywhere, with their own accounts", 0, middle + 0.6)
    boxes, arrows = [servers, *([group] if facts.buckets.has_writers else [])], []
    for row, (name, bucket) in enumerate(facts.buckets.options.items()):
        after = bucket.delete_after_days
        box = Box(name, f"deleted after {after} days" if after else "never deleted", 1.6, row)
        boxes.append(box)
        arrows.append(Arrow(servers, box, bucket.hub, faint=bucket.hub == "read"))
        arrows += [Arrow(group, box, "write")] if bucket.writers_group else []
    return Drawing("Who may write where", tuple(boxes), tuple(arrows))


DIAGRAMS: dict[str, Callable[[Facts], Drawing]] = {
    "how-the-hub-is-built": _how_the_hub_is_built,
    "life-of-a-file": _life_of_a_file,
    "who-may-write": _who_may_write,
}
