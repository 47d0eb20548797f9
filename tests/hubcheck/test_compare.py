"""``python -m fakehub.compare``: a line for each observation where the stand-in and a hub differ."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import yaml
from check_world import ROOT

from fakehub.compare import CompareError, differences, one_sided, read_result

HUB = {
    "guide": "0123",
    "agrees": "a.same a.newer a.only-on-the-hub",
    "differs": {
        "b.as-the-guide": {"guide": "7 days", "hub": "30 days"},
        "b.both": {"guide": "1", "hub": "2"},
        "b.alike": {"guide": "1", "hub": "2"},
    },
    "not observable": {"this server has no GPU": "c.gpu c.here"},
}
STAND_IN = {
    "guide": "0123",
    "agrees": "a.same b.as-the-guide c.here",
    "differs": {
        "a.newer": {"guide": "403", "hub": "404"},
        "b.both": {"guide": "1", "hub": "3"},
        "b.alike": {"guide": "1", "hub": "2"},
    },
    "not observable": {"this is no server": "c.gpu"},
}
LINES = [
    "b.as-the-guide: the hub: 30 days; the stand-in: 7 days",
    "b.both: the hub: 2; the stand-in: 3",
    "a.newer: the hub: 403; the stand-in: 404",
]


def compare(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "fakehub.compare", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)


def test_each_difference_is_a_line_with_both_values():
    assert differences(HUB, STAND_IN) == LINES
    assert one_sided(HUB, STAND_IN) == ["a.only-on-the-hub", "c.here"]
    assert differences(HUB, HUB) == one_sided(HUB, HUB) == []


def test_the_text_of_an_issue_is_a_result(tmp_path):
    issue = tmp_path / "issue.md"
    issue.write_text(f"Here it is:\n\n```json\n{json.dumps(HUB)}\n```\nThanks!\n")

    assert read_result(issue) == HUB


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"guide": "1", "agrees": "a"}', "```json\n{\n```", '{"guide": 1}', "\ud800"]
)
def test_something_else_is_refused_in_one_line(text, tmp_path):
    path = tmp_path / "result.json"
    path.write_text(text, errors="surrogatepass")
    with pytest.raises(CompareError, match=r"result\.json: "):
        read_result(path)
    done = compare(str(path))

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("fakehub.compare: ") and done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("missing.json",), "missing.json: cannot be read"),
        ((), "the following arguments are required: result"),
        (("{result}", "--script", "missing.py"), "missing.py: there is no such script"),
        (("{result}", "--hub-yml", "missing.yml"), "missing.yml: cannot be read"),
    ],
)
def test_bad_arguments_get_one_line(arguments, message, tmp_path):
    result = tmp_path / "result.json"
    result.write_text(json.dumps(HUB))
    done = compare(*(argument.format(result=result) for argument in arguments))

    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr and done.stderr.count("\n") == 1


def test_a_stand_in_with_another_rule_differs_from_a_hub_that_agrees_with_the_guide(tmp_path):
    content = yaml.safe_load((ROOT / "hub.yml").read_text())
    content["buckets"]["options"]["leap-scratch"]["delete_after_days"] = 30
    (tmp_path / "hub.yml").write_text(yaml.safe_dump(content))
    hub = {"guide": "0123", "differs": {}, "not observable": {}, "agrees": "bucket.leap-scratch.lifecycle storage.md5"}
    (tmp_path / "result.json").write_text(json.dumps(hub))

    done = compare(str(tmp_path / "result.json"), "--hub-yml", str(tmp_path / "hub.yml"))

    version, line, others = done.stdout.splitlines()
    assert done.returncode == 1
    assert version.startswith("The result is from another version of the script")
    days = "objects are deleted after {} days"
    assert line == f"bucket.leap-scratch.lifecycle: the hub: {days.format(7)}; the stand-in: {days.format(30)}"
    assert others.startswith("Observed on one side only: account.kind ")
