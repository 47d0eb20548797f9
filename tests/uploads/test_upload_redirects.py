"""A server that sends the upload elsewhere does not get its token sent there."""

import contextlib
import http.server
import threading

import pytest

from uploader import bucket

TOKEN = "ya29.a-secret"


@contextlib.contextmanager
def answering(name, *, redirect=None):
    """Run a server at ``name``; yield its address and the ``Authorization`` headers that it gets."""
    seen = []

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append(self.headers.get("Authorization"))
            self.send_response(302 if redirect else 200)
            if redirect:
                self.send_header("Location", redirect)
            self.end_headers()

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://{name}:{server.server_port}", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def token_file(tmp_path):
    file = tmp_path / "token.txt"
    file.write_text(TOKEN)
    file.chmod(0o600)
    return file


def test_the_token_is_not_sent_to_another_host(monkeypatch, token_file):
    with (
        answering("localhost") as (elsewhere, there),
        answering("127.0.0.1", redirect=f"{elsewhere}/o") as (host, here),
    ):
        monkeypatch.setattr(bucket, "HOST", host)
        uploads = bucket.Bucket("gs://leap-persistent/funky-user/run.zarr", token_file, timeout=10, patience=5)

        uploads._send("GET", "/storage/v1/b/leap-persistent/o")

    assert here == [f"Bearer {TOKEN}"]
    assert there == [None]
