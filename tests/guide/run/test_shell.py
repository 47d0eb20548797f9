"""The shell of a page: state that persists from block to block, and transcripts that are replayed."""

import os

import pytest

from guide.pages.transcripts import TranscriptError
from guide.run.shell import Shell, ShellError, matches, replay_transcript


@pytest.fixture
def shell(tmp_path):
    return Shell({"PATH": os.environ["PATH"], "HOME": str(tmp_path)}, tmp_path)


def test_a_block_sees_what_the_one_before_it_set(shell, tmp_path):
    shell.run("mkdir data; cd data; export NAME='two words'")

    assert shell.run('echo "$NAME"; pwd') == (0, f"two words\n{tmp_path}/data\n")


def test_the_first_failing_command_ends_a_block(shell):
    status, printed = shell.run("echo before; false; echo after")

    assert (status, printed) == (1, "before\n")


def test_a_command_that_is_tried_changes_nothing_for_later_blocks(shell, tmp_path):
    shell.run("export YEAR=2000")

    assert shell.probe("export YEAR=2001; cd /; test $YEAR = 2001") == (0, "")
    assert shell.run("echo $YEAR; pwd") == (0, f"2000\n{tmp_path}\n")


def test_a_pipe_that_ends_early_is_no_failure_of_a_command_that_is_tried(shell):
    assert shell.probe("seq 100000 | grep -q 1") == (0, "")


def test_a_directory_that_a_block_removed_is_one_clear_line(shell, tmp_path):
    shell.run("mkdir data; cd data; rmdir ../data")

    with pytest.raises(ShellError, match=f"^starts in {tmp_path}/data, which was removed: leave it first$"):
        shell.run("ls")


def test_an_unset_variable_is_an_error(shell):
    status, printed = shell.run('ls "$NO_SUCH_VARIABLE"')

    assert status != 0
    assert "unbound variable" in printed


def test_a_transcript_that_matches_is_returned_unchanged(shell):
    shown = "$ echo one\none\n$ echo two \\\n>   three\ntwo three\n$ true\n"

    assert replay_transcript(shell, shown) == shown


def test_a_transcript_shows_the_message_of_a_failing_command(shell):
    shown = "$ cat no-such-file\ncat: no-such-file: No such file or directory\n"

    assert replay_transcript(shell, shown) == shown


def test_a_transcript_that_differs_is_returned_as_it_went(shell):
    assert replay_transcript(shell, "$ echo one\ntwo\n$ echo ...\n...\n") == "$ echo one\none\n$ echo ...\n...\n"


def test_a_transcript_begins_with_a_command(shell):
    with pytest.raises(TranscriptError, match="begins with"):
        replay_transcript(shell, "output\n$ echo one\n")


@pytest.mark.parametrize(
    ("expected", "printed", "same"),
    [
        ([], [], True),
        (["a"], ["a"], True),
        (["a"], ["a", "b"], False),
        (["a", "..."], ["a"], True),
        (["a", "...", "d"], ["a", "b", "c", "d"], True),
        (["a", "...", "d"], ["a", "b", "c"], False),
        (["size ... bytes"], ["size 12 bytes"], True),
        (["a...a"], ["a"], False),
        (["a...b...c"], ["a-b-c"], True),
        (["a...b...c"], ["a-c"], False),
        (["...", "b"], ["b"], True),
    ],
)
def test_dots_stand_for_any_text(expected, printed, same):
    assert matches(expected, printed) is same
