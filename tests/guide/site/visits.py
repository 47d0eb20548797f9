"""Visit pages in a browser: one load for each width, and everything that tests check on it."""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass
from pathlib import Path

from axe_playwright_python.base import AXE_SCRIPT
from PIL import Image
from playwright.sync_api import Browser

from guide.browser.static_server import response_body

WIDTHS = (1280, 390, 320)
# axe checks the page at these; at the third width, tests check only whether it fits.
AXE_WIDTHS = WIDTHS[:2]
_THEMES = ("light", "dark")
_THOROUGH = os.environ.get("VISITS") == "all"
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
  nowhere: [...document.querySelectorAll(".guide-block")].filter(
    e => !e.querySelector(":scope > .guide-bar > .guide-label")?.textContent).map(e => e.innerText.slice(0, 60)),
  scrolled: [...document.querySelectorAll(":is(.highlight-text, .output.traceback, .output.stderr) pre")].filter(
    e => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1).map(e => e.innerText.slice(0, 60)),
  terms: [...document.querySelectorAll("a.guide-term")].filter((e, i, all) =>
    all.slice(0, i).some(other => other.href === e.href)
    || e.parentElement.closest("h1, h2, h3, h4, a, b, strong, code, pre, table, figure")).map(e => e.outerHTML),
  title: document.title,
  headings: document.querySelectorAll("article h1").length,
  invalid: [...document.querySelectorAll("label[aria-controls], :is(h1, h2, h3, h4):empty")].map(e => e.outerHTML)
    .concat([...document.querySelectorAll("[id]")].map(e => e.id).filter((id, i, all) => all.indexOf(id) !== i)),
})"""
# The pictures that are seen, without thumbnails: the address of the file, its width on the page, and whether a cell
# drew it.
_PICTURES = """() => [...document.querySelectorAll("main img:not(.notebook-thumbnail)")].filter(
  i => i.checkVisibility()).map(i => [
  new URL(i.parentElement.querySelector("source")?.srcset ?? i.src, location).pathname.slice(1),
  i.width, i.closest(".cell_output") !== null])"""
# Icons: the first family of fonts, the weight and the letter, of everything that is drawn before or behind an element.
_ICONS = """() => [...new Set([...document.querySelectorAll("body *:not(pre *)")].flatMap(e => ["::before", "::after"]
  .map(place => getComputedStyle(e, place)).filter(style => /^"[\ue000-\uf8ff]/.test(style.content))
  .map(style => `${style.fontFamily.split(",")[0].replaceAll('"', "")} ${style.fontWeight} ${style.content[1]}`)))]"""
# Menus of the header: what an open one has outside of the screen.
_OUTSIDE = """() => [...document.querySelectorAll(".article-header-buttons .dropdown-toggle")].flatMap(button => {
  button.click();
  const outside = [...button.parentElement.querySelectorAll(".dropdown-menu, .dropdown-menu *")].filter(e => {
    const box = e.getBoundingClientRect();
    return box.width && (box.left < 0 || box.right > innerWidth);
  }).map(e => e.outerHTML.slice(0, 80));
  button.click();
  return outside;
})"""
# Every channel of a dark background is below this.
_DARK = 64
# The copy buttons are pressed at this width.
COPY_WIDTH = WIDTHS[1]
# The text that the button of each block copies; null for a block without a button.
_COPIED = """async () => {
  let copied = null;
  const clipboard = { writeText: async (text) => { copied = text; } };
  Object.defineProperty(navigator, "clipboard", { configurable: true, value: clipboard });
  const texts = [];
  for (const block of document.querySelectorAll(".guide-block")) {
    copied = null;
    block.querySelector(".guide-bar .copybtn")?.click();
    await Promise.resolve();
    texts.push(copied);
  }
  return texts;
}"""


@dataclass
class Visit:
    """A page at one width: its requests and errors, properties of its layout, and violations that axe reports.

    ``icons`` are only looked for at the first width. ``outside`` are parts of open menus that are not on the screen.
    ``copied`` is what the button of each block copies, at one of the widths. ``pictures`` are those that are seen, by
    the theme.
    """

    page: str
    width: int
    requests: list[str]
    errors: list[str]
    seen: dict
    violations: list[str]
    icons: list[str]
    outside: list[str]
    copied: list[str | None]
    pictures: dict[str, list[tuple[str, int, bool]]]

    def bytes(self, site: Path, address: str) -> int:
        """Return the compressed size of everything that the first view loads."""
        paths = (url.removeprefix(address + "/").split("?")[0].split("#")[0] for url in self.requests)
        return sum(len(response_body(site / path)) for path in paths if (site / path).is_file())

    def blurred(self, site: Path) -> list[str]:
        """Return the pictures that have fewer than two pixels for one of the page, as screens with sharp letters do."""
        seen = [picture for pictures in self.pictures.values() for picture in pictures]
        return [name for name, width, _ in seen if not name.endswith(".svg") and _image(site / name).width < 2 * width]

    def bright(self, site: Path) -> list[str]:
        """Return the figures that are on a light background in the dark theme."""
        figures = [name for name, _, drawn in self.pictures.get("dark", []) if drawn]
        return [name for name in figures if max(_image(site / name).convert("RGB").getpixel((0, 0))) > _DARK]


@functools.cache
def _image(path: Path) -> Image.Image:
    return Image.open(path)


def pages(site: Path) -> list[str]:
    """Return every page of the site, without those that only redirect."""
    paths = (path for path in site.rglob("*.html") if "_static" not in path.parts)
    return sorted(str(path.relative_to(site)) for path in paths if "<article" in path.read_text(encoding="utf-8"))


def visit_all(browser: Browser, address: str, names: list[str], thorough: bool = _THOROUGH) -> list[Visit]:
    """Visit each page at each width; axe checks it at one width in one theme.

    Neighbouring pages take turns, so that what all pages have is checked in both themes at both widths. A ``thorough``
    visit checks each page at both widths; so does ``VISITS=all``.
    """
    visits = []
    for width in WIDTHS:
        context = browser.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce")
        page = context.new_page()
        requests: list[str] = []
        errors: list[str] = []
        page.on("request", lambda request, to=requests: to.append(request.url))
        page.on("pageerror", lambda error, to=errors: to.append(str(error)))
        page.on("console", lambda message, to=errors: to.append(message.text) if message.type == "error" else None)
        for number, name in enumerate(names):
            requests.clear()
            errors.clear()
            page.emulate_media(color_scheme="light")
            page.goto(f"{address}/{name}")
            requested = [url for url in requests if not url.startswith("data:")]
            violations, pictures = [], {"light": page.evaluate(_PICTURES)}
            if width in AXE_WIDTHS:
                theme = _THEMES[(number + WIDTHS.index(width)) % 2]
                page.emulate_media(color_scheme=theme)
                page.wait_for_selector(f'html[data-theme="{theme}"]', state="attached")
                pictures[theme] = page.evaluate(_PICTURES)
                if thorough or number // 2 % 2 == WIDTHS.index(width):
                    page.evaluate(AXE_SCRIPT)
                    violations = page.evaluate(_VIOLATIONS, {"resultTypes": ["violations"], "rules": _LIGHTHOUSE})
                    violations = [f"{line} ({theme})" for line in violations]
            seen, outside = page.evaluate(_SEEN), page.evaluate(_OUTSIDE)
            icons = page.evaluate(_ICONS) if width == WIDTHS[0] else []
            copied = page.evaluate(_COPIED) if width == COPY_WIDTH else []
            visits.append(
                Visit(name, width, requested, list(errors), seen, violations, icons, outside, copied, pictures)
            )
        context.close()
    return visits
