"""Visit pages in a browser: one load for each width, and everything that tests check on it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser

from guide.browser.static_server import response_body

WIDTHS = (1280, 390, 320)
# axe checks the page at these; at the third width, tests check only whether it fits.
AXE_WIDTHS = WIDTHS[:2]
# Rules that depend on the theme.
_COLOURS = ["color-contrast", "link-in-text-block"]
# Rules of Lighthouse that axe does not check by default.
_LIGHTHOUSE = {name: {"enabled": True} for name in ("target-size", "label-content-name-mismatch")}
_VIOLATIONS = """options => axe.run(document, options).then(result => result.violations.flatMap(
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
    """A page at one width: its requests and errors, properties of its layout, and violations that axe reports."""

    page: str
    width: int
    requests: list[str]
    errors: list[str]
    seen: dict
    violations: list[str]

    def bytes(self, site: Path, address: str) -> int:
        """Return the compressed size of everything that the first view loads."""
        paths = (url.removeprefix(address + "/").split("?")[0].split("#")[0] for url in self.requests)
        return sum(len(response_body(site / path)) for path in paths if (site / path).is_file())


def pages(site: Path) -> list[str]:
    """Return every page of the site, without those that only redirect."""
    paths = (path for path in site.rglob("*.html") if "_static" not in path.parts)
    return sorted(str(path.relative_to(site)) for path in paths if "<article" in path.read_text(encoding="utf-8"))


def visit_all(browser: Browser, address: str, names: list[str]) -> list[Visit]:
    """Visit each page at each width; axe checks both themes, the second one without loading the page again."""
    visits = []
    for width in WIDTHS:
        context = browser.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce")
        page = context.new_page()
        requests: list[str] = []
        errors: list[str] = []
        page.on("request", lambda request, to=requests: to.append(request.url))
        page.on("pageerror", lambda error, to=errors: to.append(str(error)))
        page.on("console", lambda message, to=errors: to.append(message.text) if message.type == "error" else None)
        for name in names:
            requests.clear()
            errors.clear()
            page.emulate_media(color_scheme="light")
            page.goto(f"{address}/{name}")
            requested = [url for url in requests if not url.startswith("data:")]
            violations = []
            if width in AXE_WIDTHS:
                page.evaluate(AXE_SCRIPT)
                violations = page.evaluate(_VIOLATIONS, {"resultTypes": ["violations"], "rules": _LIGHTHOUSE})
                page.emulate_media(color_scheme="dark")
                page.wait_for_selector('html[data-theme="dark"]', state="attached")
                dark = {"resultTypes": ["violations"], "runOnly": _COLOURS}
                violations += [f"dark: {line}" for line in page.evaluate(_VIOLATIONS, dark)]
            visits.append(Visit(name, width, requested, list(errors), page.evaluate(_SEEN), violations))
        context.close()
    return visits
