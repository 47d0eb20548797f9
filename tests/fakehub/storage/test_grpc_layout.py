"""The bucket's layout, requested over gRPC by Google's own client."""

import json
import socket
import ssl
import subprocess
import sys

import pytest
from isolation_modes import both_modes

pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")

REQUESTS = """
import json
import google.auth
from google.auth import compute_engine
from google.api_core import exceptions
from google.cloud import storage_control_v2
from google.oauth2.credentials import Credentials

def ask(method, name, credentials):
    client = storage_control_v2.StorageControlClient(credentials=credentials)
    try:
        return getattr(client, method)(name=f"projects/_/buckets/{name}", retry=None, timeout=20)
    except exceptions.GoogleAPICallError as error:
        return error

hub, _ = google.auth.default()
narrow = compute_engine.Credentials(scopes=["https://www.googleapis.com/auth/userinfo.email"])
layout = ask("get_storage_layout", "leap-scratch/storageLayout", hub)
answers = {"layout": [layout.name, layout.location, layout.location_type, layout.hierarchical_namespace.enabled]}
refused = {
    "unknown bucket": ask("get_storage_layout", "no-such-bucket/storageLayout", hub),
    "unknown token": ask("get_storage_layout", "leap-scratch/storageLayout", Credentials("ya29.nobody-issued-this")),
    "too few scopes": ask("get_storage_layout", "leap-scratch/storageLayout", narrow),
    "other method": ask("get_folder", "leap-scratch/folders/a", hub),
    "no bucket": ask("get_storage_layout", "/storageLayout", hub),
}
print(json.dumps(answers | {case: [type(e).__name__, e.message] for case, e in refused.items()}))
"""

# A caller keeps its side of the stream open, as the clients of the streaming methods do.
STREAMS = """
import json, threading
import grpc

ended = threading.Event()

def requests():
    yield b"first"
    ended.wait()

def outcome(host, path, kind):
    channel = grpc.secure_channel(f"{host}:443", grpc.ssl_channel_credentials())
    one = kind.startswith("unary")
    call = getattr(channel, kind)(path)
    try:
        answer = call(b"first" if one else requests(), timeout=30)
        for _ in answer if kind.endswith("stream") else ():
            pass
    except grpc.RpcError as error:
        return [error.code().name, error.details()]

storage, iam = "google.storage.v2.Storage", "google.iam.credentials.v1.IAMCredentials"
methods = {
    f"/{storage}/BidiReadObject": ("storage.googleapis.com", "stream_stream"),
    f"/{storage}/BidiWriteObject": ("storage.googleapis.com", "stream_stream"),
    f"/{storage}/WriteObject": ("storage.googleapis.com", "stream_unary"),
    f"/{storage}/ReadObject": ("storage.googleapis.com", "unary_stream"),
    f"/{storage}/GetObject": ("storage.googleapis.com", "unary_unary"),
    f"/{iam}/SignBlob": ("iamcredentials.googleapis.com", "unary_unary"),
    f"/{iam}/GenerateAccessToken": ("iamcredentials.googleapis.com", "unary_unary"),
}
print(json.dumps({path: outcome(host, path, kind) for path, (host, kind) in methods.items()}))
ended.set()
"""
STREAMING = "BidiReadObject", "BidiWriteObject", "WriteObject", "ReadObject", "GetObject"


@pytest.fixture(scope="module")
def answers(root):
    """The client's results, by request."""
    command = [sys.executable, "-m", "fakehub", "run", "--", "python", "-c", REQUESTS]
    process = subprocess.run(command, capture_output=True, text=True, cwd=root, timeout=120)
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout)


def test_a_buckets_layout_is_flat_and_in_the_hubs_region(answers):
    name = "projects/_/buckets/leap-scratch/storageLayout"

    assert answers["layout"] == [name, "US-CENTRAL1", "region", False]


@pytest.mark.parametrize(
    ("case", "error"),
    [
        ("unknown bucket", ["NotFound", "The specified bucket does not exist."]),
        ("unknown token", ["Unauthenticated", "Invalid Credentials"]),
        ("too few scopes", ["PermissionDenied", "Request had insufficient authentication scopes."]),
        (
            "other method",
            [
                "MethodNotImplemented",
                "The stand-in does not answer gRPC's /google.storage.control.v2.StorageControl/GetFolder.",
            ],
        ),
        ("no bucket", ["InvalidArgument", "The name of a storage layout is projects/_/buckets/BUCKET/storageLayout."]),
    ],
)
def test_a_refused_call_has_the_matching_grpc_status(answers, case, error):
    assert answers[case] == error


def test_other_methods_are_unimplemented_as_soon_as_a_call_begins(fakehub):
    run = fakehub("--", sys.executable, "-c", STREAMS)

    outcomes = json.loads(run.stdout)
    assert {path.rpartition("/")[2] for path in outcomes} == {*STREAMING, "SignBlob", "GenerateAccessToken"}
    for path, outcome in outcomes.items():
        assert outcome == ["UNIMPLEMENTED", f"The stand-in does not answer gRPC's {path}."]


@both_modes
def test_clients_that_offer_http_2_as_well_are_answered(fakehub, mode):
    asked = ["curl", "-s", "--http2", "https://storage.googleapis.com/storage/v1/b/no-such-bucket/o"]

    assert "The specified bucket does not exist." in fakehub("--mode", mode, "--", *asked).stdout


def test_bytes_that_are_not_http_2_close_the_connection_and_nothing_else(server):
    context = ssl.create_default_context(cafile=server.folder / "ca.pem")
    context.set_alpn_protocols(["h2"])
    plain = socket.create_connection(("127.0.0.1", server.ports["tls"]), timeout=20)
    with context.wrap_socket(plain, server_hostname="storage.googleapis.com") as line:
        line.sendall(b"this is not HTTP/2, and long enough to be seen as such\r\n\r\n")
        while line.recv(65536):
            pass

    assert server.call("GET", "/storage/v1/b/no-such-bucket/o").status_code == 404
