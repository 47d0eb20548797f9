"""What a browser sees of a page: one load a width, and everything that tests ask about it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser

from guide.browser.static_server import response_body

WIDTHS = (1280, 390, 320)
# axe looks at two of them; at the third, only whether the page fits.
LOOKED_AT = WIDTHS[:2]
# The rules that another theme can break.
_COLOURS = ["color-contrast", "link-in-text-block"]
# Rules that Lighthouse asks and axe does not by itself.
_LIGHTHOUSE = {name: {"enabled": True} for name in ("target-size", "label-content-name-mismatch")}
_FOUND = """options => axe.run(document, options).then(found => found.violations.flatMap(
  rule => rule.nodes.map(node => `${rule.id}: ${node.target.join(" ")}: ${node.html.slice(0, 120)}`)))"""
_SEEN = """() => ({
  wider: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  clipped: [...document.querySelectorAll("main *")].filter(e => e.clientWidth > 1 && e.scrollWidth > e.clientWidth + 2
    && getComputedStyle(e).overflowX === "hidden" && e.checkVisibility() && !e.closest(".xr-wrap") && e.innerText)
    .map(e => e.innerText.slice(0, 60)),
  nameless: [...document.images].filter(i => !i.hasAttribute("alt")).map(i => i.src),
  unsized: [...document.images].filter(i => i.checkVisibility() && (!i.width || !i.height)).map(i => i.src),
  title: document.title,
  headings: document.querySelectorAll("article h1").length,
})"""


@dataclass
class Visit:
    """A page at a width: what it asked for, said, looks like, and keeps whom out with."""

    page: str
    width: int
    requests: list[str]
    noise: list[str]
    seen: dict
    violations: list[str]

    def bytes(self, site: Path, address: str) -> int:
        """What its first view takes, compressed."""
        paths = (url.removeprefix(address + "/").split("?")[0].split("#")[0] for url in self.requests)
        return sum(len(response_body(site / path)) for path in paths if (site / path).is_file())


def pages(site: Path) -> list[str]:
    """Every page of the site, those that only lead to another left out."""
    found = (path for path in site.rglob("*.html") if "_static" not in path.parts)
    return sorted(str(path.relative_to(site)) for path in found if "<article" in path.read_text(encoding="utf-8"))


def visit_all(browser: Browser, address: str, names: list[str]) -> list[Visit]:
    """Each page at each width; with axe in both themes, the second without loading the page again."""
    visits = []
    for width in WIDTHS:
        context = browser.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce")
        page = context.new_page()
        requests: list[str] = []
        noise: list[str] = []
        page.on("request", lambda request, to=requests: to.append(request.url))
        page.on("pageerror", lambda error, to=noise: to.append(str(error)))
        page.on("console", lambda said, to=noise: to.append(said.text) if said.type == "error" else None)
        for name in names:
            requests.clear()
            noise.clear()
            page.emulate_media(color_scheme="light")
            page.goto(f"{address}/{name}")
            asked = [url for url in requests if not url.startswith("data:")]
            violations = []
            if width in LOOKED_AT:
                page.evaluate(AXE_SCRIPT)
                violations = page.evaluate(_FOUND, {"resultTypes": ["violations"], "rules": _LIGHTHOUSE})
                page.emulate_media(color_scheme="dark")
                page.wait_for_selector('html[data-theme="dark"]', state="attached")
                dark = {"resultTypes": ["violations"], "runOnly": _COLOURS}
                violations += [f"dark: {line}" for line in page.evaluate(_FOUND, dark)]
            visits.append(Visit(name, width, asked, list(noise), page.evaluate(_SEEN), violations))
        context.close()
    return visits
