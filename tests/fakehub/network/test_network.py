"""The simulated network seen from outside. Only lower bounds are tested: any machine may be slower than that."""

import concurrent.futures
import itertools
import socket
import ssl
import time

import pytest
from waiting import logged

from fakehub.control.client import Control
from fakehub.network.shaping import NetworkSettings

pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
OBJECTS = "/storage/v1/b/leap-scratch/o"
UPLOAD = "/upload/storage/v1/b/leap-scratch/o?uploadType=media&name="
PATH = f"{OBJECTS}/paced?alt=media"
DATA = bytes(range(256)) * 800  # 204,800 bytes
# Timers are coarse, and the client may have the last piece of a body before the wait for it ends.
ALMOST = 0.9


@pytest.fixture
def control(server):
    """The server's controls, with all limits of the network removed afterwards."""
    control = Control(server.folder)
    yield control
    control.set_network(NetworkSettings())


@pytest.fixture
def token(server):
    """A token for requests; an object with ``DATA`` exists at ``PATH``."""
    token = server.token()
    server.call("POST", f"{UPLOAD}paced", token=token, data=DATA)
    return token


def seconds(action) -> float:
    started = time.monotonic()
    action()
    return time.monotonic() - started


def test_ten_requests_one_after_the_other_wait_ten_times(server, control, token):
    control.set_network(NetworkSettings(latency_s=0.2))

    assert seconds(lambda: [server.call("GET", OBJECTS, token=token) for _ in range(10)]) > 2


def test_concurrent_requests_wait_at_the_same_time(server, control, token):
    control.set_network(NetworkSettings(latency_s=0.5))
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: server.call("GET", f"{OBJECTS}?quotaUser=many", token=token), range(8)))

    rows = logged(control, 8, "quotaUser=many")

    assert all(row["seconds"] >= 0.5 * ALMOST for row in rows)
    spans = sorted((row["time"] - row["seconds"], row["time"]) for row in rows)
    assert any(later[0] < earlier[1] for earlier, later in itertools.pairwise(spans))


def test_jitter_is_added_and_repeatable_with_the_same_seed(server, control, token):
    def order(seed):
        """Send three requests and return them in the order of their waits, shortest first."""
        mark = f"quotaUser={seed}-{time.monotonic_ns()}"
        control.set_network(NetworkSettings(latency_s=0.05, jitter_s=0.5, seed=seed))
        for _ in range(3):
            server.call("GET", f"{OBJECTS}?{mark}", token=token)
        waits = [row["seconds"] for row in logged(control, 3, mark)]
        assert min(waits) >= 0.05 * ALMOST
        return sorted(range(3), key=waits.__getitem__)

    # With these seeds, the waits differ enough even on a busy machine.
    assert order(381) == [2, 0, 1]
    assert order(381) == [2, 0, 1]
    assert order(1595) == [1, 2, 0]


def test_a_download_takes_as_long_as_the_bandwidth_requires(server, control, token):
    control.set_network(NetworkSettings(bandwidth=200_000))
    got = []

    took = seconds(lambda: got.append(server.call("GET", PATH, token=token).content))

    assert took >= len(DATA) / 200_000 * ALMOST
    assert got == [DATA]


def test_an_upload_takes_as_long_as_the_bandwidth_requires(server, control, token):
    control.set_network(NetworkSettings(bandwidth=200_000))

    took = seconds(lambda: server.call("POST", f"{UPLOAD}up", token=token, data=DATA))
    control.set_network(NetworkSettings())

    assert took >= len(DATA) / 200_000 * ALMOST
    assert server.call("GET", f"{OBJECTS}/up?alt=media", token=token).content == DATA


def test_connections_share_the_total_bandwidth(server, control, token):
    control.set_network(NetworkSettings(total_bandwidth=500_000))

    def four():
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            assert all(got.content == DATA for got in pool.map(lambda _: server.call("GET", PATH, token=token), "abcd"))

    assert seconds(four) >= 4 * len(DATA) / 500_000 * ALMOST


def test_a_client_that_expects_100_continue_gets_it(server, token):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    head = f"POST {UPLOAD}asked HTTP/1.1\r\nHost: storage.googleapis.com\r\nAuthorization: Bearer {token}\r\n"
    with (
        socket.create_connection(("127.0.0.1", server.ports["tls"]), timeout=20) as tcp,
        context.wrap_socket(tcp) as line,
    ):
        line.sendall(f"{head}Content-Length: 4\r\nExpect: 100-continue\r\n\r\n".encode())
        assert line.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        line.sendall(b"data")
        assert line.recv(100).startswith(b"HTTP/1.1 200 OK")
