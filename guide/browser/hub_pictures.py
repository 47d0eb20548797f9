"""The pictures of the hub that pages show: for each, the elements in it and those with a number, as CSS selectors."""

from __future__ import annotations

from dataclasses import dataclass, replace

from fakehub.hub.people import account_of
from guide.facts import Facts, Tier

# The browser's viewport while a picture is captured: narrow, so that the text stays legible on a page.
HUB_SIZE, LAB_SIZE = (1000, 900), (960, 720)
# The margin of a form: a larger one would show the lower ends of letters of the heading above it.
_BELOW_HEADING = 4


@dataclass(frozen=True)
class Picture:
    """A picture of the hub.

    ``shows`` are selectors of the elements in the picture, with a ``margin`` around them. ``points`` are selectors of
    the elements that get a number, each with the text that explains it.
    """

    alt: str
    shows: tuple[str, ...]
    points: tuple[tuple[str, str], ...] = ()
    size: tuple[int, int] = HUB_SIZE
    margin: int = 12


def pictures(facts: Facts) -> dict[str, Picture]:
    """Return the pictures by name; tiers with the same choices share the picture of their form."""
    forms = {
        f"form-{account_of(tier.name)}": _form(facts, tier)
        for tier in facts.access.tiers
        if tier.cpu_node_shares and tier == first_with_same_choices(facts, tier)
    }
    lab_pictures = {name: replace(picture, size=LAB_SIZE) for name, picture in _jupyterlab().items()}
    return forms | _hub_pages(facts) | lab_pictures


def form_of(facts: Facts, tier: Tier) -> str:
    """Return the name of the picture that shows the form to a member of ``tier``."""
    return f"form-{account_of(first_with_same_choices(facts, tier).name)}"


def first_with_same_choices(facts: Facts, tier: Tier) -> Tier:
    """Return the first tier whose members may start the same servers, and so see the same form."""
    return next(
        other
        for other in facts.access.tiers
        if (other.cpu_node_shares, other.gpus) == (tier.cpu_node_shares, tier.gpus)
    )


def _form(facts: Facts, tier: Tier) -> Picture:
    shares = facts.node_shares
    labels = ", ".join(shares.options[name].label for name in tier.cpu_node_shares)
    parts = [shares.profile, *([facts.gpus.profile] if tier.gpus and facts.gpus else [])]
    alt = f"The form in {tier.name}: {' and '.join(parts)}; the open list {shares.choice} has {labels}."
    points = (
        (".profile-select h2", "the type of server"),
        ("[role=listbox]", f"its list *{shares.choice}*, open"),
    )
    return Picture(alt, ("#spawn_form",), points, margin=_BELOW_HEADING)


def _hub_pages(facts: Facts) -> dict[str, Picture]:
    in_choices = facts.images.custom.in_choices if facts.images.custom else ""
    return {
        "log-in": Picture(
            f"The hub's login page, with one orange button: Sign in with {facts.hub.login.with_}.",
            ("nav.navbar", "#login-main .btn"),
            (("#login-main .btn", "log in"),),
        ),
        "custom-image": Picture(
            f"The list {facts.images.choice} says {in_choices}; below it is a field for the image's name.",
            (".profile-select",),
            (("input[id$='--unlisted-choice']", "the image's name, with its tag"),),
            margin=_BELOW_HEADING,
        ),
        "starting": Picture(
            "The page Your server is starting up, with a progress bar and the latest message.",
            (".container:has(#progress-bar)",),
            (("#progress-message", "the latest message"),),
        ),
        "stop": Picture(
            "The control panel, with a red button Stop My Server beside one that opens the server.",
            (".container:has(#stop)",),
            (("#stop", "stop the server"), ("#start", "open the server")),
        ),
        "named-servers": Picture(
            "The control panel: the buttons of the default server above a list of named servers, with gpu running.",
            (".container:has(#stop)",),
            (
                ("#stop", "the default server"),
                ("tr[data-server-name=gpu] .stop-server", "the server named gpu"),
                (".new-server-name", "the name of a new server"),
            ),
        ),
        "log-out": Picture(
            "The top of the control panel, with the button Logout on the right.",
            ("nav.navbar",),
            (("#logout", "log out"),),
        ),
    } | _refusals(facts)


def _refusals(facts: Facts) -> dict[str, Picture]:
    organization = facts.access.organization
    if organization is None:
        return {"not-authorized": Picture("403 : Forbidden, for an account that the hub does not admit.", (".error",))}
    return {
        "not-authorized": Picture(
            f"403 : Forbidden, for an account in no team of {organization} that may use the hub.", (".error",)
        ),
        "no-profiles": Picture(
            "403 : Forbidden, for an account whose teams the hub read before it joined one.", (".error",)
        ),
        "denied": Picture(
            f"400 : Bad Request, for an account that did not let the hub read its teams on {facts.hub.login.with_}.",
            (".error",),
        ),
    }


def _jupyterlab() -> dict[str, Picture]:
    return {
        "jupyterlab": Picture(
            "JupyterLab: files on the left, and the launcher with cards for a notebook, a terminal and a text file.",
            ("#main",),
            (
                (".jp-FileBrowser-toolbar .jp-ToolbarButton", "upload a small file"),
                (".jp-DirListing", "your files"),
                (".jp-LauncherCard:has-text('Python 3')", "a notebook"),
                (".jp-LauncherCard:has-text('Terminal')", "a terminal"),
            ),
        ),
        "notebook": Picture(
            "A notebook with one cell, which ran and printed the username.",
            ("#main",),
            (
                (".jp-NotebookPanel-toolbar [data-jp-item-name=run]", "run the cell"),
                (".jp-InputPrompt", "its number, which shows that it ran"),
                (".jp-OutputArea-output", "its output"),
                (".jp-Toolbar-kernelName", "the kernel"),
            ),
        ),
        "control-panel-menu": Picture(
            "JupyterLab's menu File, open, with the entry Hub Control Panel.",
            (".lm-Menu", "#jp-menu-panel"),
            ((".lm-Menu-item:has-text('Hub Control Panel')", "open the control panel"),),
        ),
    }
