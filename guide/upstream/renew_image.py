"""``make image``: renew the stack *hub* from the package list of another tag of the hub's images."""

from __future__ import annotations

import re
import subprocess
import tomllib
from dataclasses import replace
from pathlib import Path

from guide.facts import Facts
from guide.upstream.package_lists import PackageLists, normalized
from guide.upstream.pins import Pin, pins, with_environment, with_pins
from guide.upstream.pypi import newest_up_to
from guide.upstream.settings import UpstreamError

_TAG = re.compile(r"\d{4}\.\d{2}\.\d{2}")
# Where an older tag may stay: what happened, what pages printed, and what tests expect of older lists.
_OLD = (":!CHANGELOG.md", ":!tests", ":!book/*/_outputs", ":!uv.lock")


def renew_image(root: Path, facts: Facts, tag: str, folder: Path | None) -> int:
    """Write the versions of the images of a ``tag`` into the files of the checkout ``root``, and print what changed.

    The lists of packages are in ``folder``, or else are fetched. Nothing is written if one is missing: raises
    ``UpstreamError``. Returns 0.
    """
    if not _TAG.fullmatch(tag):
        raise UpstreamError(f"{tag}: no tag of the images; write a date as YYYY.MM.DD")
    if facts.images.tested is None:
        raise UpstreamError("hub.yml: images.tested is missing, which names the image that was tested")
    reference, _, old_tag = facts.images.tested.rpartition(":")
    lists = PackageLists(facts.images, tag, folder)
    images = _images(facts, reference)
    files = {
        name: (root / name).read_text(encoding="utf-8") for name in ("pyproject.toml", "environment.yml", "hub.yml")
    }

    before = pins(files["pyproject.toml"])
    in_images = {pin.name: _version(lists, pin.name, images) for pin in before}
    after = _renewed(before, in_images, _oldest_python(files["pyproject.toml"]))
    new = dict(files)
    new["pyproject.toml"] = with_pins(files["pyproject.toml"], after).replace(old_tag, tag)
    new["environment.yml"] = with_environment(
        files["environment.yml"], lambda name: _version(lists, name, images)
    ).replace(old_tag, tag)
    if tag != old_tag:
        new["hub.yml"] = _with_tag(files["hub.yml"], old_tag, tag)
    for name, text in new.items():
        if text != files[name]:
            (root / name).write_text(text, encoding="utf-8")
    print(report(before, after, in_images, tag))
    for line in _still_named(root, old_tag) if old_tag != tag else ():
        print(f"still names {old_tag}: {line}")
    return 0


def _images(facts: Facts, reference: str) -> list[str]:
    """Return the names of the images whose packages the stack has: the tested one, and those for GPUs."""
    gpus = facts.gpus.images if facts.gpus else []
    references = [reference, *(facts.images.options[name].ref.rpartition(":")[0] for name in gpus)]
    return list(dict.fromkeys(one.rpartition("/")[2] for one in references))


def _version(lists: PackageLists, package: str, images: list[str]) -> str | None:
    """Return the version of a package in the first image that has it."""
    return next((version for image in images if (version := lists.version(package, image))), None)


def _oldest_python(project: str) -> str:
    requires: str = tomllib.loads(project)["project"]["requires-python"]
    return requires.removeprefix(">=")


def _renewed(before: list[Pin], in_images: dict[str, str | None], python: str) -> dict[str, Pin]:
    """Return the pins with the images' versions, or the newest older ones that can be installed here."""
    free = {pin.name: version for pin in before if not pin.held and (version := in_images[pin.name])}
    on_pypi = {normalized(name): version for name, version in newest_up_to(free, python).items()}
    renewed = {}
    for pin in before:
        version = in_images[pin.name]
        if version is None:
            renewed[pin.name] = pin
        elif pin.held:
            renewed[pin.name] = replace(pin, image=version)
        else:
            renewed[pin.name] = Pin(pin.name, on_pypi.get(normalized(pin.name), pin.version), version)
    return renewed


def _with_tag(hub_yml: str, old_tag: str, tag: str) -> str:
    """Return the text of hub.yml with another tested tag. The tags in the form are the hub's own."""
    source = re.compile(rf"(?m)^(  images: {{what: .*tag ){re.escape(old_tag)}(, .*date: \")[\d-]+(?=\")")
    text = source.sub(rf"\g<1>{tag}\g<2>{tag.replace('.', '-')}", hub_yml)
    return re.sub(rf"(?m)^(  tested: .*:){re.escape(old_tag)}\b", rf"\g<1>{tag}", text)


def report(before: list[Pin], after: dict[str, Pin], in_images: dict[str, str | None], tag: str) -> str:
    """Return a line about each pin that changed or that is not the image's."""
    changed = [pin for pin in before if after[pin.name].version != pin.version]
    lines = [f"{tag}: {len(changed)} of {len(before)} versions changed"]
    lines += [f"{pin.name}: {pin.version} -> {after[pin.name].version}" for pin in changed]
    for pin in after.values():
        if in_images[pin.name] is None:
            lines.append(f"{pin.name}: in no image of this tag; it stays {pin.version}. Remove it if no page needs it")
        elif pin.held:
            lines.append(f"{pin.name}: stays {pin.version}, because the image has {pin.image}, {pin.held}; still true?")
        elif pin.version != pin.image:
            lines.append(f"{pin.name}: not on PyPI in version {pin.image} for the oldest Python; it is {pin.version}")
    return "\n".join(lines)


def _still_named(root: Path, tag: str) -> list[str]:
    """Return the lines of tracked files that have the ``tag``, which nobody expects there any more."""
    command = ["git", "-C", str(root), "grep", "--line-number", "--fixed-strings", tag, "--", ".", *_OLD]
    done = subprocess.run(command, capture_output=True, text=True)
    return [":".join(line.split(":", 2)[:2]) for line in done.stdout.splitlines()]
