"""What the tests of accounts share."""

import pytest


@pytest.fixture(scope="module")
def machine(tmp_path_factory, start_server):
    """The machine of a service account; a member of the writers' group is signed in to its browser."""
    server = start_server(tmp_path_factory.mktemp("server"), persona="service-account")
    yield server
    server.process.terminate()
    server.process.wait()
