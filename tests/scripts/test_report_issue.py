"""The script that reports changed facts opens one issue, and updates it the next time."""

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

TITLE = "Facts compared with their sources"


class Issues:
    """A repository's issues, with the part of GitHub's API that the script uses."""

    def __init__(self):
        self.issues = []
        self.tokens = set()

    def add(self, title, body="", **more):
        number = len(self.issues) + 1
        self.issues.append(
            {"number": number, "title": title, "body": body, "html_url": f"https://host/{number}"} | more
        )
        return self.issues[-1]

    def answer(self, method, path, content):
        if method == "POST":
            return self.add(**content)
        if method == "PATCH":
            issue = self.issues[int(path.rpartition("/")[2]) - 1]
            issue.update(content)
            return issue
        query = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
        assert query["state"] == "open"
        size, page = int(query["per_page"]), int(query["page"])
        return self.issues[size * (page - 1) : size * page]


@pytest.fixture
def github():
    """A server of one repository's issues: the issues, and the variables that name it to the script."""
    issues = Issues()

    class Handler(BaseHTTPRequestHandler):
        def reply(self):
            issues.tokens.add(self.headers["Authorization"])
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            known = urlsplit(self.path).path.startswith("/repos/example/guide/issues")
            answer = issues.answer(self.command, self.path, json.loads(content or "null")) if known else {}
            self.send_response(200 if known else 404)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        do_GET = do_POST = do_PATCH = reply

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    yield issues, {"GITHUB_API_URL": address, "GITHUB_REPOSITORY": "example/guide", "GITHUB_TOKEN": "secret"}
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def run(root):
    def run(*arguments, **env):
        command = [sys.executable, "-S", "scripts/report_issue.py", *map(str, arguments)]
        return subprocess.run(command, cwd=root, env=os.environ | env, capture_output=True, text=True, timeout=60)

    return run


def report(tmp_path, text):
    (tmp_path / "facts.md").write_text(f"# {TITLE}\n\n{text}\n")
    return tmp_path / "facts.md"


def test_one_issue_is_opened_and_then_updated(run, github, tmp_path):
    issues, env = github
    # More than one page of others, and a pull request of the same title.
    for number in range(120):
        issues.add(f"Another issue {number}")
    issues.add(TITLE, pull_request={})

    first = run(report(tmp_path, "| a | 1 |"), **env)
    second = run(report(tmp_path, "| b | 2 |"), **env)

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert first.stdout == second.stdout == "https://host/122\n"
    assert issues.tokens == {"Bearer secret"}
    assert [(issue["title"], issue["body"]) for issue in issues.issues[121:]] == [(TITLE, "| b | 2 |")]


def test_a_text_that_is_too_long_loses_its_folded_parts(run, github, tmp_path):
    issues, env = github

    assert run(report(tmp_path, "changed\n<details>\n" + "x" * 70_000), **env).returncode == 0

    assert [issue["body"] for issue in issues.issues] == ["changed"]


@pytest.mark.parametrize(
    ("arguments", "env", "message"),
    [
        ([], {}, "name one file"),
        (["nowhere.md"], {}, "nowhere.md: cannot be read as text"),
        (["README.md"], {"GITHUB_TOKEN": ""}, "GITHUB_TOKEN: not set"),
        (["README.md"], {"GITHUB_REPOSITORY": "example/other"}, "GET of the repository's issues failed"),
    ],
)
def test_a_mistake_gets_one_line(run, github, arguments, env, message):
    done = run(*arguments, **github[1] | env)

    assert done.returncode != 0
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert github[0].issues == []
