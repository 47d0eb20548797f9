"""A tiny run of the benchmark writes well-formed rows; the figures themselves are not tested.

The run takes minutes, so ``make test`` leaves it out.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys

import psutil
import pytest

TINY = ["--rounds", "1", "--seconds", "0.05", "--objects", "4000", "--upload-mb", "4", "--large-gib", "0.05"]
TINY += ["--many", "3000"]


@pytest.fixture(scope="module")
def run(root, tmp_path_factory):
    """A tiny run: the finished process, and the folder it wrote to."""
    if "BENCH" not in os.environ:
        pytest.skip("takes minutes: set BENCH")
    out = tmp_path_factory.mktemp("bench")
    (out / "tmp").mkdir()
    command = [sys.executable, "-m", "bench", *TINY, "--out", str(out)]
    env = os.environ | {"TMPDIR": str(out / "tmp")}
    process = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, timeout=1800)
    assert process.returncode == 0, process.stderr
    return process, out


def test_every_row_names_its_figure_and_its_peer(run):
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


def test_none_of_our_figures_is_missing(run):
    rows = json.loads((run[1] / "results.json").read_text())["rows"]

    assert [row["name"] for row in rows if row["value"] is None] == []


def test_the_readme_keeps_its_prose_and_shows_every_row(run, root):
    process, out = run
    page = (out / "README.md").read_text()
    prose = (root / "bench" / "README.md").read_text().partition("<!--")[0]

    assert page.startswith(prose)
    for row in json.loads((out / "results.json").read_text())["rows"]:
        assert f"| {row['name']} |" in page
        assert f"| {row['name']} |" in process.stdout


def test_there_is_one_line_per_target(run):
    lines = run[0].stdout.partition("\n\n")[2].splitlines()

    assert len(lines) > 20
    assert all(line.startswith(("met: ", "MISSED: ", "not measured: ")) for line in lines)


def test_no_process_and_no_file_is_left_over(run):
    folder = str(run[1] / "tmp")
    leftover = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            leftover += [process] if process.environ().get("TMPDIR") == folder else []

    assert leftover == []
    assert os.listdir(folder) == []


def test_a_server_that_fails_is_named_and_not_measured_again():
    from bench.load import LoadError
    from bench.samples import Sampler

    log: list[str] = []
    sampler = Sampler(log.append)

    def refuse() -> float:
        raise LoadError("an answer with status 500")

    sampler.take("get", "requests/s", "a peer", refuse)
    sampler.take("get", "requests/s", "a peer", lambda: 1.0)

    assert sampler.median("get", "a peer") is None
    assert log == ["not measured: a peer, get: an answer with status 500"]


def test_memory_that_a_server_took_at_its_start_is_not_counted(monkeypatch):
    from bench import growth
    from bench.load import LoadError

    class Server:
        """A server that needs no further memory for its first 1000 objects."""

        objects = 0

        def rss(self) -> int:
            return 70_000_000 + 1500 * max(0, self.objects - 1000)

    def fill(_address, _bucket, names, _seconds) -> int:
        count = len(list(names))
        server.objects += count
        return count

    monkeypatch.setattr(growth, "fill", fill)
    server = Server()
    assert growth.kilobytes_per_object(server, None, 4000) == (1500 - growth.SMALL) / 1000

    server = Server()
    with pytest.raises(LoadError, match="600 objects are too few"):
        growth.kilobytes_per_object(server, None, 1200)


def lighthouse_report(**categories):
    scores = {name: {"score": score} for name, score in categories.items()}
    return {"categories": scores, "audits": {"total-byte-weight": {"numericValue": 42_000}}}


def test_points_and_weight_are_read_from_lighthouses_report():
    from bench.site import scores_of

    report = lighthouse_report(performance=0.98, accessibility=1, seo=1)
    report["categories"]["best-practices"] = {"score": 0.5}

    expected = {"performance": 98, "accessibility": 100, "best-practices": 50, "seo": 100, "weight": 42}
    assert scores_of(report) == expected


def test_a_page_that_lighthouse_could_not_load_has_no_points():
    from bench.load import LoadError
    from bench.site import scores_of

    report = {"categories": {"performance": {"score": None}}, "runtimeError": {"message": "it did not answer"}}

    with pytest.raises(LoadError, match="it did not answer"):
        scores_of(report)


def test_every_target_of_the_site_has_a_row():
    from bench import report, site
    from bench.samples import Sampler

    sampler = Sampler(str)
    for page in site.PAGES:
        for name in (*(site.category_name(category, page) for category in site.CATEGORIES), site.weight_name(page)):
            sampler.take(name, "points", site.OURS, lambda: 100.0)

    rows = report.rows_of_site(sampler)

    assert all(target.verdict(rows).startswith("met: ") for target in report.targets_of_site())


def test_a_part_measured_alone_replaces_its_rows_only(tmp_path):
    from bench.report import Target, write
    from bench.results import Row

    def row(name, value):
        return Row(name, value, "s")

    def rows():
        return [(row["name"], row["value"]) for row in json.loads((tmp_path / "results.json").read_text())["rows"]]

    write(tmp_path, [row("one", 1.0), row("two", 2.0)], [], ["a peer, two: too slow"], None)
    results = json.loads((tmp_path / "results.json").read_text())
    results["rows"].append(row("build clean 10 pages", 3.0).__dict__)
    (tmp_path / "results.json").write_text(json.dumps(results))

    text = write(tmp_path, [row("one", 9.0)], [Target("one", None, most=5), Target("three", None, most=5)], [], "site")

    assert rows() == [("one", 9.0), ("two", 2.0), ("build clean 10 pages", 3.0)]
    assert text.splitlines()[-1] == "MISSED: one is 9.00 s, target at most 5"
    page = (tmp_path / "README.md").read_text()
    assert "Site measured again on " in page and "- a peer, two: too slow" in page
    write(tmp_path, [row("one", 4.0)], [], [], None)
    assert rows() == [("one", 4.0), ("build clean 10 pages", 3.0)]
