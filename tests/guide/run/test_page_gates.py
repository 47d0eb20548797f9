"""The checks that a page passes when it runs: each broken page fails with its page, line and error."""

import pytest

from guide.run import confined

# Each file in tests/broken, and the text that the line about it must contain.
GATES = {
    "undeclared-block.md": ":3: this bash block declares no execution mode",
    "undeclared-nested-block.md": ":6: this python block declares no execution mode",
    "code-block-directive.md": ":3: {code-block} cannot declare an execution mode",
    "file-not-handed-over.md": ":3: recipe.py is included, but is not in the page's list of files",
    "file-that-is-missing.md": ":1: files: there is no recipe.py next to the page",
    "unknown-option.md": ":8: unknown option 'chek'; a cell may have tags, raises, leaves, removes, check,",
    "unknown-option.ipynb": ":cell 1: unknown option 'chek'; a cell may have tags,",
    "check-false.md": ":8: cell fails its hidden check months.size == 24: left side is 12",
    "check-false.ipynb": ":cell 1: cell fails its hidden check len(months) == 12: left side is 3",
    "check-false-in-shell.md": ":3: bash block fails its hidden check test $YEAR -gt 2000: exit status 1",
    "check-false-in-transcript.md": ":3: console block fails its hidden check test $YEAR = 2001: exit status 1",
    "check-raises.md": ':8: cell fails its hidden check months["2000-01"] == 12: raises TypeError: ',
    "check-raises.ipynb": ":cell 1: cell fails its hidden check months[3] == 4: raises IndexError: list index",
    "check-prints.md": ":8: cell fails its hidden check print(months) is None: prints '[1, 2, 3]'; a check has to",
    "check-prints.ipynb": ":cell 1: cell fails its hidden check print(months) is None: prints '[1, 2, 3]'",
    "check-prints-in-shell.md": ":3: bash block fails its hidden check echo $YEAR: prints '2000'; a check",
    "check-draws.md": ":8: cell fails its hidden check plt.plot(months): draws a plot; a check has to be silent",
    "check-not-python.md": ":8: check len(months) = 3 is not a Python expression: ",
    "check-not-python.ipynb": ":cell 1: check len(months) = 3 is not a Python expression: ",
    "check-not-shell.md": ":3: bash block fails its hidden check if [ $YEAR = 2000 ]: exit status 2: bash: -c: line",
    "check-of-nothing.md": ":8: check 1 + 1 == 2 cannot fail; name something that the block makes",
    "check-not-run.md": ":3: a check needs a block that runs",
    "no-line.md": ":6: network must be a latency and a rate, such as 80ms 100Mbit/s",
    "opt-out-without-reason.md": ":3: an opt-out needs a reason",
    "unknown-attribute.md": ":3: unknown word 'leave'",
    "cells-without-front-matter.md": ":3: a page with cells needs 'file_format: mystnb'",
    "error-not-required.md": ":8: a cell that raises needs both",
    "failing-cell.md": ":12: cell failed: AttributeError: module 'os' has no attribute 'getcwdd'",
    "other-error.md": ":8: cell should raise 'FileNotFoundError: no such object', but raised ValueError",
    "no-error.md": ":8: cell should raise 'ValueError: invalid literal', but raised nothing",
    "failing-fence.md": ":3: python block failed: AttributeError",
    "failing-shell.md": ":3: bash block failed with exit status 2",
    "failing-early-in-shell.md": ":3: bash block failed with exit status 1",
    "shell-does-not-fail.md": ":3: bash block should fail and print 'No such file'",
    "other-transcript.md": ":3: console block prints something other than the page shows",
    "promise-not-kept.md": ":8: cell should leave $SCRATCH_BUCKET/promised.txt",
    "not-removed.md": ":19: python block should remove $SCRATCH_BUCKET/guide-examples/not-removed/kept.txt",
    "no-description.md": ":8: cell draws a picture without a description: say in mystnb, image, alt what it shows",
    "wrong-description.md": ":8: cell describes its picture with 'rises', but no curve ends higher than it begins",
    "elided-transcript.md": ":3: ... alone fits every output: show a line of it, or add a check=",
    "error-without-message.md": ":8: raises needs a part of the message after the error's name and a colon",
    "stored-without-check.md": ":8: cell stores gs://leap-scratch/funky-user/guide-examples/stored-without-check/notes",
    "left-running.md": ": the page leaves a process running: sleep 3600; end it",
    "written-in-tmp.md": ":3: bash block failed with exit status 1: bash: line 2: /tmp/guide-examples-progress.txt",
    "written-in-project.md": ":8: cell failed: PermissionError: [Errno 13] Permission denied: '",
    "left-in-home.md": ": the page leaves ~/guide-examples/left-in-home/forgotten.txt behind",
    "left-behind.md": ": the page leaves gs://leap-scratch/funky-user/guide-examples/left-behind/forgotten.txt behind",
    "written-in-home.md": ":3: bash block writes ~/.gitconfig; a page writes only below ~/guide-examples/",
    "hidden-in-home.md": ":3: bash block writes ~/.cache/guide-progress.txt; a page writes only below",
    "written-in-bucket.md": ":8: cell writes gs://leap-scratch/funky-user/sst.zarr/zarr.json; a page writes only below",
    "deleted-bucket.md": ":8: cell deletes the bucket gs://leap-persistent, which all members use",
    "bucket-settings.md": ":8: cell changes the settings of the bucket gs://leap-scratch, which all members use",
    "written-without-reason.md": ":1: writes: ~/.gitconfig needs a reason that a reader would accept",
    "conda-environment.md": ":13: bash block uses the environment 'leap-hub', but the page has only base, hub",
    "other-host.md": ":3: bash block failed with exit status",
    "other-host-asked.md": ": contacts hosts outside the hub: example.org",
    "killed-kernel.md": ":8: cell killed the kernel",
    "killed-run.md": ": the run ended with exit status 137 before its last block",
    "token-printed.md": ":8: cell prints an access token",
    "token-in-halves.md": ":8: cell prints an access token",
    "token-in-an-error.md": ":3: bash block prints an access token",
    "changed-output.ipynb": ":cell 1: cell prints something other than the recorded output",
    "changed-output.md": ":12: cell prints something other than the recorded output",
    "changed-shell-output.md": ":3: bash block prints something other than the recorded output",
}
# The pages that Linux's Landlock keeps from writing outside their folders.
CONFINED = {"written-in-tmp.md", "written-in-project.md"}


@pytest.fixture(scope="module")
def ran(guide, stack):
    """All broken pages, run by one command."""
    return guide("page", *(f"tests/broken/{page}" for page in GATES), "--stack", stack)


@pytest.mark.parametrize("page", GATES)
def test_a_broken_page_fails_with_its_line_and_error(ran, stack, page):
    if page.startswith("changed-") and stack != "hub":
        pytest.skip("outputs are committed for, and compared on, the hub's versions")
    if page in CONFINED and not confined.version():
        pytest.skip("not run: this system has no Landlock, which keeps pages from writing elsewhere")

    assert f"\ntests/broken/{page}: failed, " in ran.stdout
    assert f"tests/broken/{page}{GATES[page]}" in ran.stdout + ran.stderr


def test_broken_pages_fail_the_command_without_a_traceback(ran):
    assert ran.returncode == 1
    assert "Traceback" not in ran.stderr


def test_a_single_page_fails_in_the_same_way(guide, stack):
    """One or two pages run in new processes, not in forks of one that has imported the libraries."""
    ran = guide("page", "tests/broken/killed-kernel.md", "tests/broken/changed-output.ipynb", "--stack", stack)

    assert ran.returncode == 1
    for page in ("killed-kernel.md", "changed-output.ipynb")[: 2 if stack == "hub" else 1]:
        assert f"tests/broken/{page}{GATES[page]}" in ran.stdout


def test_every_broken_page_is_tested(root, monkeypatch):
    monkeypatch.syspath_prepend(root / "tests/guide/site")
    from test_site_gates import GATES as SITE_GATES
    from test_site_gates import TEXT_GATES

    pages = {path.name for path in (root / "tests/broken").iterdir() if path.suffix in {".md", ".ipynb"}}

    # promises-nothing.md passes, and is there for the mutation tests; test_slips.py and test_runs.py have the others.
    elsewhere = {"promises-nothing.md", "slips.md", "takes-too-long.md"}
    assert pages == set(GATES) | set(SITE_GATES) | TEXT_GATES | elsewhere


def test_a_missing_page_is_one_clear_line(guide):
    ran = guide("page", "book/no-such-page.md")

    assert ran.returncode == 1
    assert ran.stderr.splitlines() == [
        "book/no-such-page.md: there is no such page; name one, for example PAGE=book/index.md"
    ]
