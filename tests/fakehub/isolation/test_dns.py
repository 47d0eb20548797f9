"""Host names inside the namespaces: the stand-in's resolve to it, and all others are refused and logged."""

import pytest

from fakehub.isolation import namespace

pytestmark = pytest.mark.skipif(not namespace.available(), reason="this system does not allow namespaces")

# Asks the name server directly, like resolvers that ignore /etc/hosts, and then the system's resolver.
ASK = r"""
import os, socket, struct
from pathlib import Path

def ask(name, kind):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    query = struct.pack(">6H", 7, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">2H", kind, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.settimeout(20)
        line.sendto(query, ("127.0.0.1", 53))
        answer = line.recv(512)
    number, flags, _, count, _, _ = struct.unpack(">6H", answer[:12])
    return name, kind, flags & 15, socket.inet_ntoa(answer[-4:]) if count else None

A, TXT, AAAA = 1, 16, 28
print(ask("storage.googleapis.com", A))
print(ask("Storage.GoogleAPIs.com", AAAA))
print(ask("my_bucket-1.storage.googleapis.com", A))
print(ask("_grpc_config.storage.googleapis.com", TXT))
print(ask("example.org", A))
try:
    socket.getaddrinfo("nobody.example", 443)
except OSError as error:
    print(error.args[1])
print(*dict.fromkeys((Path(os.environ["FAKEHUB_SESSION"]) / "refused.txt").read_text().split()))
"""


def test_known_names_resolve_and_others_are_refused_and_logged(fakehub):
    ran = fakehub("--mode", "names", "--", "python", "-c", ASK)

    assert ran.stdout.splitlines() == [
        "('storage.googleapis.com', 1, 0, '127.0.0.1')",
        "('Storage.GoogleAPIs.com', 28, 0, None)",
        "('my_bucket-1.storage.googleapis.com', 1, 0, '127.0.0.1')",
        "('_grpc_config.storage.googleapis.com', 16, 3, None)",
        "('example.org', 1, 3, None)",
        "Name or service not known",
        "example.org nobody.example",
    ], ran.stderr


def test_a_malformed_query_is_ignored_and_does_no_harm(fakehub):
    program = (
        "import socket\n"
        "line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "for junk in (b'', b'x', bytes(12), bytes(12) + b'\\x3fabc', bytes(12) + b'\\x01a\\x00'):\n"
        "    line.sendto(junk, ('127.0.0.1', 53))\n"
        "try:\n"
        "    socket.getaddrinfo('nobody.example', 443)\n"
        "except OSError as error:\n"
        "    print(error.args[1])\n"
    )

    assert fakehub("--mode", "names", "--", "python", "-c", program).stdout == "Name or service not known\n"
