"""The recipe that copies files from an archive to a bucket, with archives and runs that fail in the middle."""

import hashlib
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from page_code import definitions

PAGE = "book/uploads/download-to-the-hub.md"
NAMES = ("WGET", "name_of", "sha256", "collect", "fs")
DATA = random.Random(0).randbytes(3_000_000)  # noqa: S311 - repeatable, not secret
SUM = hashlib.sha256(DATA).hexdigest()


class Archive:
    """A web server with the same file under every name, which may break connections, refuse ranges or be slow."""

    def __init__(self):
        self.cuts = self.errors = self.sent = 0
        self.ranges, self.slow, self.html = True, False, False
        self.asked = []
        archive = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                archive.answer(self)

            def do_HEAD(self):
                archive.answer(self)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("localhost", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, name):
        return f"http://localhost:{self.server.server_port}/{name}"

    def answer(self, request):
        wanted = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
        self.asked.append((request.path, wanted and int(wanted[1])))
        if self.errors:
            self.errors -= 1
            request.send_error(503)
            return
        data = b"<html>log in first</html>" if self.html else DATA
        start = int(wanted[1]) if wanted and self.ranges else 0
        request.send_response(206 if start else 200)
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        request.send_header("Content-Length", str(len(data) - start))
        request.end_headers()
        if request.command == "HEAD":
            return
        for at in range(start, len(data), 100_000):
            if self.cuts and at - start >= 1_000_000:
                self.cuts -= 1
                return
            request.wfile.write(data[at : at + 100_000])
            request.wfile.flush()
            self.sent += len(data[at : at + 100_000])
            time.sleep(0.1 if self.slow else 0)


@pytest.fixture
def archive():
    running = Archive()
    yield running
    running.server.shutdown()
    running.server.server_close()


def program(archive, names, sums=SUM, then=""):
    urls = [archive.url(name) for name in names]
    return f"""
        WGET = [option.replace("waitretry=30", "waitretry=1") for option in WGET]
        collect({urls}, dict.fromkeys({urls}, {sums!r}), folder, "disk")
        {then}
        print(sorted((path.partition("/recipes/")[2][2:], fs.size(path)) for path in fs.find(folder)))
        print([name for _, _, names in os.walk("disk") for name in names])
        """


def test_files_are_copied_under_their_path_and_leave_the_disk(archive, printed):
    lines = printed(PAGE, NAMES, program(archive, ["a/sst.nc", "b/sst%202.nc"]))

    assert lines[:2] == ["copied:  a/sst.nc", "copied:  b/sst 2.nc"]
    assert "sst 2.nc', 3000000" in lines[2] and lines[3] == "[]"


@pytest.mark.parametrize("ranges", [True, False], ids=["continues", "repeats what it has"])
def test_a_broken_connection_is_resumed(archive, printed, ranges):
    archive.cuts, archive.ranges = 2 if ranges else 1, ranges

    assert "3000000" in printed(PAGE, NAMES, program(archive, ["sst.nc"]))[1]
    assert [start for _, start in archive.asked][1] == 1_000_000
    assert archive.sent == len(DATA) if ranges else archive.sent > len(DATA)


def test_an_overloaded_archive_is_asked_again(archive, printed):
    archive.errors = 2

    assert "3000000" in printed(PAGE, NAMES, program(archive, ["sst.nc"]))[1]
    assert len(archive.asked) == 3


@pytest.mark.parametrize("html", [True, False], ids=["login page", "other content"])
def test_content_with_another_checksum_never_reaches_the_bucket(archive, recipe, html, tmp_path):
    archive.html = html

    done = recipe(PAGE, NAMES, program(archive, ["sst.nc"], sums=SUM if html else "0" * 64))

    assert f"ValueError: {archive.url('sst.nc')} has a different checksum" in done.stderr
    assert not list((tmp_path / "disk").rglob("*.nc"))


def test_two_files_of_one_name_are_refused_before_the_first_download(archive, recipe):
    done = recipe(PAGE, NAMES, program(archive, ["sst.nc?year=2001", "sst.nc?year=2002"]))

    assert "ValueError: two files would have the same name" in done.stderr
    assert archive.asked == []


def test_the_next_run_skips_finished_files(archive, printed):
    then = f"collect([{archive.url('a.nc')!r}, {archive.url('b.nc')!r}], {{}}, folder, 'disk')"

    lines = printed(PAGE, NAMES, program(archive, ["a.nc"], then=then))

    assert lines[:3] == ["copied:  a.nc", "exists:  a.nc", "copied:  b.nc"]
    assert [path for path, _ in archive.asked] == ["/a.nc", "/b.nc"]


def test_a_killed_run_continues_in_the_middle_of_a_file(archive, stand_in, root, tmp_path):
    code = "\n".join(
        [
            "import os",
            definitions(root, PAGE, NAMES),
            f"folder = os.environ['SCRATCH_BUCKET'] + '/recipes/killed-{os.getpid()}'",
            f"collect([{archive.url('a.nc')!r}], {{{archive.url('a.nc')!r}: {SUM!r}}}, folder, 'disk')",
            "print(fs.size(f'{folder}/a.nc'))",
        ]
    )
    (tmp_path / "program.py").write_text(code)
    run = [sys.executable, "-W", "ignore", "program.py"]
    options = {"cwd": tmp_path, "env": stand_in.environment, "text": True}
    archive.slow = True
    with subprocess.Popen(run, **options, stdout=subprocess.PIPE, start_new_session=True) as killed:
        while archive.sent < 500_000:
            time.sleep(0.05)
        os.killpg(killed.pid, signal.SIGKILL)
    archive.slow = False
    size = (tmp_path / "disk" / "a.nc").stat().st_size

    done = subprocess.run(run, **options, capture_output=True, timeout=120)

    assert done.stdout.splitlines() == ["copied:  a.nc", str(len(DATA))], done.stderr
    assert 0 < size < len(DATA)
    assert archive.asked[-1] == ("/a.nc", size)


@pytest.mark.parametrize("transaction", [True, False], ids=["transaction", "without one"])
def test_a_stream_that_breaks_leaves_an_object_only_without_a_transaction(archive, printed, root, transaction):
    archive.cuts = 1
    context = "fs.transaction" if transaction else "contextlib.nullcontext()"
    program = f"""
        import contextlib, fsspec, shutil
        try:
            with fsspec.open({archive.url("a.nc")!r}, block_size=0) as source, {context}:
                with fs.open(f"{{folder}}/a.nc", "wb") as target:
                    shutil.copyfileobj(source, target)
        except Exception as error:
            print(type(error).__name__)
        fs.invalidate_cache()
        print(fs.exists(f"{{folder}}/a.nc") and 0 < fs.size(f"{{folder}}/a.nc") < {len(DATA)})
        """
    assert printed(PAGE, (), program) == ["ClientPayloadError", str(not transaction)]
    assert "with fsspec.open(urls[1], block_size=0) as source, fs.transaction:" in (root / PAGE).read_text()
