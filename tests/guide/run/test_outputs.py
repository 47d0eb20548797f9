"""Recorded outputs: what makes no difference, and what does."""

import pytest
from nbformat.v4 import new_output

from guide.run.compare_outputs import difference, settled, without_log
from guide.run.recorded_outputs import as_recorded, printed_items, record_of, rewrite_record


def text(words):
    return [new_output("stream", name="stdout", text=words)]


@pytest.mark.parametrize(
    "words",
    [
        "written for someone-else  \n",
        "at 0x7f3a2b1c4d5e",
        "id 3f2504e0-4f89-11d3-9a0c-0305e82c3301",
        "in /home/someone/results",
    ],
)
def test_names_ids_and_the_home_directory_make_no_difference(monkeypatch, words):
    monkeypatch.setenv("JUPYTERHUB_USER", "someone-else")
    monkeypatch.setenv("HOME", "/home/someone")
    recorded = text(settled(words))

    assert difference(recorded, text(words)) == ""
    assert "someone" not in settled(words)


def test_any_other_word_makes_a_difference():
    assert "4 objects" in difference(text("3 objects\n"), text("4 objects\n"))


def test_what_a_library_logs_makes_no_difference():
    logged = "2026-01-30 10:00:00,123 - distributed.nanny - WARNING - Worker still alive, killing\n"

    assert without_log(text(logged)) == []
    assert without_log(text(f"3 objects\n{logged}")) == text("3 objects\n")


def test_a_view_in_html_is_recorded_by_its_text():
    shown = [new_output("display_data", data={"text/plain": "   a\n0  1", "text/html": "<table></table>"})]

    assert printed_items(shown) == [{"value": "   a\n0  1"}]
    assert difference(as_recorded(shown), as_recorded(shown)) == ""


def test_a_record_is_written_only_when_a_reader_sees_another_thing(tmp_path):
    page = tmp_path / "page.md"

    assert rewrite_record(page, [[], printed_items(text("one\ntwo\n"))])
    assert not rewrite_record(page, [[], printed_items(text("one\ntwo\n"))])
    assert record_of(page).read_text() == "2:\n- text: |\n    one\n    two\n"
    assert rewrite_record(page, [[], []])
    assert not record_of(page).exists()
