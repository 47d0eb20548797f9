"""Frames around blocks: a label that says where the block belongs, what to copy, and why it did not run."""

from dataclasses import replace

import pytest
from docutils import nodes
from docutils.utils import new_document

from guide.pages.blocks import Block, digest
from guide.pages.transcripts import parts_of
from guide.report.proof import Proof, proof_html, sentence
from guide.report.report import BlockReport, PageReport, Report
from guide.site.ext.frames import add_frames, frame, label_of

PAGE = PageReport("book/a.md", "passed", "2026-11-25T04:00:00+00:00", 0.5, "", None, (), 0, 0, 0)
BASH = Block(3, "run", "bash", "ls\n", on=("hub",))
RAN = BlockReport("book/a.md", 3, "run", "bash", "passed", 0.42, None, digest(BASH.source), 0)
TWO_MACHINES = """\
hpc$ gcloud auth login --no-browser
Run this command on the other machine:
...
laptop$ gcloud auth login --remote-bootstrap="https://..."
...
laptop> y
https://localhost:8085/...
hpc> https://...code=...
Credentials saved.
hpc$ ls
"""


def _document(*sources):
    document = new_document("a")
    document += [nodes.literal_block(source, source, language="bash") for source in sources]
    return document


@pytest.mark.parametrize(
    ("block", "label"),
    [
        (Block(1, "cell", "python", "ds", on=("hub",)), "Notebook cell"),
        (Block(1, "skip", "bash", "%%bash\nls", on=("hub",)), "Notebook cell"),
        (Block(1, "cell", "python", "ds", on=("laptop",)), "Python on your laptop"),
        (Block(1, "run", "console", "$ ls", on=("hub",)), "Terminal on the hub"),
        (Block(1, "parsed", "bash", "conda env create", on=("hub",)), "Terminal with conda"),
        (Block(1, "parsed", "bash", "conda install x", on=("laptop",)), "Your laptop"),
        (Block(1, "run", "bash", "ls", on=("laptop",)), "Your laptop"),
        (Block(1, "run", "bash", "ls", on=("hpc-outsider",)), "HPC system"),
        (Block(1, "file", "text", "xarray", target="requirements.txt", on=("hub",)), "requirements.txt"),
        (Block(1, "file", "json", "{}", target="guide-examples/a/b.json", on=("hub",)), "~/guide-examples/a/b.json"),
        (Block(1, "file", "bash", "ls", target="upload.sh", on=("hpc",)), "upload.sh on the HPC system"),
        (Block(1, "skip", "python", "# fields.py, next to the notebook\nx = 1", on=("hub",)), "fields.py"),
        (Block(1, "skip", "bibtex", "@manual{}", on=("hub",)), "BibTeX"),
    ],
)
def test_a_label_says_where_a_block_belongs(block, label):
    assert label_of(block, block.on[0]) == label


def test_a_transcript_of_two_machines_has_a_frame_for_each_change_of_the_machine():
    block = Block(1, "run", "console", TWO_MACHINES, on=("hpc", "laptop"))
    document = _document(TWO_MACHINES)
    add_frames(document, (block,), [], "")
    frames = list(document.findall(frame))

    assert [node["label"] for node in frames] == ["HPC system", "Your laptop", "HPC system"]
    assert [node["part"].copied for node in frames] == ["gcloud auth login --no-browser", "", "ls"]
    assert frames[1].astext().splitlines()[:3] == [
        '$ gcloud auth login --remote-bootstrap="https://..."',
        "...",
        "> y",
    ]
    assert "\n".join(node.astext() for node in frames).count("\n") == TWO_MACHINES.count("\n") - 1


def test_commands_are_copied_without_prompts_and_outputs():
    source = "$ cd data\n$ find . \\\n>   -type l\n... wind.csv\n> not typed\n"
    (part,) = parts_of(Block(1, "run", "console", source, on=("hub",)))

    assert part.copied == "cd data\nfind . \\\n  -type l"
    assert "\n".join(part.lines) == source.strip()


def test_a_block_that_did_not_run_shows_the_reason_in_its_frame():
    skipped = replace(BASH, kind="skip", reason="needs a GPU")
    document = _document("ls")
    report = replace(RAN, status="skipped", kind="skip", reason="needs a GPU")
    add_frames(document, (skipped,), [report], "what.html")
    (link,) = document.findall(nodes.reference)

    assert (link.astext(), link["refuri"]) == ("Not tested: needs a GPU", "what.html")


def test_a_block_is_in_the_proof_only_as_it_ran():
    shown = _document("ls", "ls")
    same = (BASH, replace(BASH, line=9))
    proofs = add_frames(shown, same, [RAN], "")
    others = add_frames(_document("ls"), (BASH,), [replace(RAN, digest=digest("ls -l"))], "")

    assert [proof.passed for proof in proofs] == [True, False]
    assert [node["ids"] for node in shown.findall(frame)] == [["block-1"], ["block-2"]]
    assert [proof.passed for proof in others] == [False]


def test_a_part_of_a_file_is_framed_and_is_no_block():
    document = _document("import sys")
    document[0]["source"] = "/guide/book/uploads/upload_store.py"
    proofs = add_frames(document, (), [], "")

    assert [node["label"] for node in document.findall(frame)] == ["upload_store.py"] and proofs == []


@pytest.mark.parametrize(
    ("passed", "total", "text"),
    [
        (12, 12, 'All 12 blocks ran on <time datetime="2026-11-25">2026-11-25</time>'),
        (10, 12, '10 of 12 blocks ran on <time datetime="2026-11-25">2026-11-25</time>'),
        (1, 1, 'The block on this page ran on <time datetime="2026-11-25">2026-11-25</time>'),
        (0, 1, "The block on this page did not run"),
        (0, 2, "None of the 2 blocks on this page ran"),
    ],
)
def test_one_sentence_says_how_many_blocks_ran(passed, total, text):
    proofs = [Proof(BASH, "", "", RAN if number < passed else None) for number in range(total)]

    assert sentence(proofs, PAGE.date) == text


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "ran in 0.4 s"),
        ({"seconds": 0.01}, "ran in &lt;0.1 s"),
        ({"seconds": None}, "ran"),
        ({"status": "failed"}, "not run as shown"),
        ({"status": "not run"}, "not run"),
        ({"status": "parsed", "reason": "no conda"}, "only the syntax was checked: no conda"),
        ({"status": "not run", "reason": "needs ssh"}, "not tested: needs ssh"),
    ],
)
def test_the_list_says_what_happened_to_each_block(changes, text):
    written = proof_html([Proof(BASH, "Your laptop", "block-1", replace(RAN, **changes))], PAGE.date, "", "line")

    assert f'<li><a href="#block-1">Line 3</a>: Your laptop, {text}</li>' in written


def test_every_page_says_in_one_line_what_ran(browser, address, root):
    report = Report.read(root / "_build/report.json")
    page = browser.new_page()
    for ran in report.pages[:: len(report.pages) // 10]:
        blocks = report.blocks_of(ran)
        if not blocks:
            continue
        page.goto(f"{address}/{ran.page.rpartition('.')[0]}.html")
        proof = page.locator(".guide-proof")
        proof.locator("summary").click()
        passed = sum(block.status == "passed" for block in blocks)

        assert proof.locator("li").count() == len(blocks), ran.page
        assert str(passed) in proof.locator("summary").inner_text() or len(blocks) == 1
        assert page.locator(".guide-block .not-tested").count() == len(blocks) - passed
        proof.locator("li a").last.click()
        assert page.locator(":target .guide-bar").is_visible()
    page.close()
