"""Each banned phrase matches the sentence that it is about, and no phrase matches a good sentence."""

import pytest

from guide.language.passages import Passage
from guide.language.rules import MOST_WORDS, broken_rules, phrases, word_count


def passage(text, kind="text"):
    return Passage("page.md", kind, text, ((0, 1),))


@pytest.mark.parametrize("phrase", phrases(), ids=lambda phrase: phrase.wrong)
def test_a_phrase_matches_its_wrong_sentence_only(phrase):
    assert any(phrase.find(phrase.wrong))
    assert not any(phrase.find(phrase.right))


def test_no_phrase_rejects_the_good_sentence_of_another():
    found = [str(one) for phrase in phrases() for one in broken_rules(passage(phrase.right))]

    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        "The region is us-central1, and the bucket's objects are stored there.",
        "This tells you how many chunks the store has.",
        "Take a screenshot of the form.",
        "The function takes a path and returns a list.",
        "What does the message mean?",
        "What is Zarr? A format for arrays.",
        "To see which image is running, open the form.",
        "Several tasks can write at once.",
        "On the other hand, a mean over all years reads the whole store.",
        "The name `mind` and the call `ds.shall(anew)` are code.",
        "The memory limit is the right one for this Dataset.",
    ],
)
def test_correct_english_is_accepted(text):
    assert list(broken_rules(passage(text))) == []


def test_a_finding_names_the_place_the_sentence_and_the_fix():
    text = Passage("page.md", "text", "It is fine. It begins anew.", ((0, 7), (12, 8)))

    [anew, begins] = broken_rules(text)

    assert str(anew) == "page.md:8: It begins anew.\n    'anew': say \"again\""
    assert begins.problem == "'begins anew'"


def test_code_counts_as_one_word_of_a_long_sentence():
    words = " ".join(["word"] * (MOST_WORDS - 1))

    assert word_count(f"{words} `a b c`.") == MOST_WORDS
    assert list(broken_rules(passage(f"{words} `a b c`."))) == []
    assert [one.problem for one in broken_rules(passage(f"{words} two more."))] == ["31 words, at most 30"]


def test_only_running_text_has_a_longest_sentence():
    long = " ".join(["word"] * 40)

    assert list(broken_rules(passage(long, "string"))) == list(broken_rules(passage(long, "comment"))) == []
