"""The benchmark's harness: a tiny run gives well-formed rows. What the figures are is no concern here."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys

import psutil
import pytest

TINY = ["--rounds", "1", "--seconds", "0.05", "--objects", "4000", "--upload-mb", "4"]


@pytest.fixture(scope="module")
def run(root, tmp_path_factory):
    """One tiny run: the finished process and the folder it wrote to."""
    out = tmp_path_factory.mktemp("bench")
    (out / "tmp").mkdir()
    command = [sys.executable, "-m", "bench", *TINY, "--out", str(out)]
    env = os.environ | {"TMPDIR": str(out / "tmp")}
    done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return done, out


def test_every_row_says_what_was_measured_beside_whom(run):
    results = json.loads((run[1] / "results.json").read_text())

    assert set(results) == {"machine", "date", "commit", "failures", "rows"}
    for row in results["rows"]:
        assert set(row) == {"name", "value", "unit", "peer", "peer_value", "ratio"}
        assert row["name"] and row["unit"]
        assert row["value"] is None or row["value"] > 0
    names = {row["name"] for row in results["rows"]}
    for name in ("put 1 KB, 32 connections", "64 MB down", "cat 1 KB through gcsfs", "start to first answer"):
        peers = {row["peer"] for row in results["rows"] if row["name"] == name}
        assert peers == {"fake-gcs-server", "gcp-storage-emulator"}
        assert name == "start to first answer" or f"{name}, TLS" in names


def test_own_figures_are_all_there(run):
    rows = json.loads((run[1] / "results.json").read_text())["rows"]

    assert [row["name"] for row in rows if row["value"] is None] == []


def test_the_page_keeps_its_prose_and_shows_every_row(run, root):
    done, out = run
    page = (out / "README.md").read_text()
    prose = (root / "bench" / "README.md").read_text().partition("<!--")[0]

    assert page.startswith(prose)
    for row in json.loads((out / "results.json").read_text())["rows"]:
        assert f"| {row['name']} |" in page
        assert f"| {row['name']} |" in done.stdout


def test_each_target_is_met_or_missed_in_a_line_of_its_own(run):
    lines = run[0].stdout.partition("\n\n")[2].splitlines()

    assert len(lines) > 20
    assert all(line.startswith(("met: ", "MISSED: ", "not measured: ")) for line in lines)


def test_no_server_and_no_file_is_left_behind(run):
    folder = str(run[1] / "tmp")
    left = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            left += [process] if process.environ().get("TMPDIR") == folder else []

    assert left == []
    assert os.listdir(folder) == []


def test_a_server_that_refuses_is_left_out_and_named():
    from bench.load import LoadError
    from bench.samples import Sampler

    said: list[str] = []
    sampler = Sampler(said.append)

    def refuse() -> float:
        raise LoadError("an answer with status 500")

    sampler.take("get", "requests/s", "a peer", refuse)
    sampler.take("get", "requests/s", "a peer", lambda: 1.0)

    assert sampler.median("get", "a peer") is None
    assert said == ["not measured: a peer, get: an answer with status 500"]


def test_memory_that_a_server_had_from_the_start_is_no_objects(monkeypatch):
    from bench import growth
    from bench.load import LoadError

    class Thrifty:
        objects = 0

        def rss(self) -> int:
            return 70_000_000 + 1500 * max(0, self.objects - 1000)

    def fill(_address, _bucket, names, _seconds) -> int:
        count = len(list(names))
        server.objects += count
        return count

    monkeypatch.setattr(growth, "fill", fill)
    server = Thrifty()
    assert growth._bytes_an_object(server, None, 4000) == 1500 - growth.SMALL

    server = Thrifty()
    with pytest.raises(LoadError, match="600 objects are too few"):
        growth._bytes_an_object(server, None, 1200)


def _lighthouse(**categories):
    scores = {name: {"score": score} for name, score in categories.items()}
    return {"categories": scores, "audits": {"total-byte-weight": {"numericValue": 42_000}}}


def test_points_and_weight_are_read_from_lighthouses_report():
    from bench.site import scores

    report = _lighthouse(performance=0.98, accessibility=1, seo=1) | {}
    report["categories"]["best-practices"] = {"score": 0.5}

    assert scores(report) == {"performance": 98, "accessibility": 100, "best-practices": 50, "seo": 100, "weight": 42}


def test_a_page_that_lighthouse_could_not_load_has_no_points():
    from bench.load import LoadError
    from bench.site import scores

    report = {"categories": {"performance": {"score": None}}, "runtimeError": {"message": "it did not answer"}}

    with pytest.raises(LoadError, match="it did not answer"):
        scores(report)


def test_every_target_of_the_site_has_its_row():
    from bench import report, site
    from bench.samples import Sampler

    sampler = Sampler(str)
    for page in site.PAGES:
        for name in (*(site.category_name(category, page) for category in site.CATEGORIES), site.weight_name(page)):
            sampler.take(name, "points", site.OURS, lambda: 100.0)

    rows = report.rows_of_site(sampler)

    assert all(target.verdict(rows).startswith("met: ") for target in report.targets_of_site())


def test_what_is_measured_alone_takes_its_place_among_the_rows_and_books_stay(tmp_path):
    from bench.report import Row, Target, write

    def row(name, value):
        return Row(name, value, "s", None, None, None)

    def rows():
        return [(one["name"], one["value"]) for one in json.loads((tmp_path / "results.json").read_text())["rows"]]

    write(tmp_path, [row("one", 1.0), row("two", 2.0)], [], ["a peer, two: too slow"], None)
    results = json.loads((tmp_path / "results.json").read_text())
    results["rows"].append(row("build clean 10 pages", 3.0).__dict__)
    (tmp_path / "results.json").write_text(json.dumps(results))

    said = write(tmp_path, [row("one", 9.0)], [Target("one", None, most=5), Target("three", None, most=5)], [], "site")

    assert rows() == [("one", 9.0), ("two", 2.0), ("build clean 10 pages", 3.0)]
    assert said.splitlines()[-1] == "MISSED: one is 9.00 s, wanted at most 5"
    page = (tmp_path / "README.md").read_text()
    assert "Site alone again on " in page and "- a peer, two: too slow" in page
    write(tmp_path, [row("one", 4.0)], [], [], None)
    assert rows() == [("one", 4.0), ("build clean 10 pages", 3.0)]
