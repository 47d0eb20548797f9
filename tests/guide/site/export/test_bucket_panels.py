"""The file of a page with what its blocks did to the buckets."""

import json
from dataclasses import replace

from docutils import nodes
from docutils.utils import new_document

from guide.pages.blocks import Block, digest
from guide.report.proof import Proof
from guide.report.report import BlockReport
from guide.run.records import BlockResult
from guide.site.export.bucket_panels import descriptions, write_descriptions
from guide.site.ext.frames import frame, visit_frame

BLOCK = Block(3, "run", "bash", "ls\n", on=("hub",))
REPORT = BlockReport("book/a.md", 3, "run", "bash", "passed", 0.4, None, digest(BLOCK.source), 0)
RESULT = BlockResult("book/a.md", 3, "run", "bash", "passed", 0.4, digest=digest(BLOCK.source))
DONE = {"objects": [], "requests": [{"what": "Read object", "bucket": "gs://é", "count": 1}]}


class Translator:
    """Collects the HTML of a node."""

    def __init__(self):
        self.body = []


def _proof(number, report=REPORT):
    return Proof(BLOCK, "", f"block-{number}", report)


def test_blocks_with_the_same_code_have_the_descriptions_of_their_own_runs():
    proofs = [_proof(1), _proof(2, None), _proof(3), _proof(4)]
    other = {"objects": [], "requests": []}
    results = [replace(RESULT, bucket=DONE), replace(RESULT, bucket=None), replace(RESULT, bucket=other)]

    assert descriptions(proofs, results) == {"block-1": DONE, "block-4": other}


def test_a_block_with_other_code_than_ran_has_none():
    assert descriptions([_proof(1)], [replace(RESULT, digest="other", bucket=DONE)]) == {}


def test_the_file_is_beside_the_page_and_goes_when_no_block_did_anything(tmp_path):
    assert write_descriptions(tmp_path, "book/a/look", {"block-2": DONE}) == "look.bucket.json"
    file = tmp_path / "book/a/look.bucket.json"
    assert json.loads(file.read_text()) == {"blocks": [{"block": "block-2", **DONE}]}

    assert write_descriptions(tmp_path, "book/a/look", {}) == ""
    assert not file.exists()
    assert write_descriptions(tmp_path, "book/a/never", {}) == ""


def test_only_frames_of_such_blocks_name_the_file():
    document = new_document("a")
    document += [frame(label="one", bucket='a"b.bucket.json'), frame(label="two")]
    document += nodes.paragraph()
    translator = Translator()
    for node in document.findall(frame):
        visit_frame(translator, node)

    openings = [html for html in translator.body if 'class="guide-block"' in html]
    assert openings == [
        '<div class="guide-block" data-bucket="a&quot;b.bucket.json">',
        '<div class="guide-block">',
    ]
