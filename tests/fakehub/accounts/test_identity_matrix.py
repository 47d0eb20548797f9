"""Every operation of every persona in every bucket is allowed or refused according to the hub's rules."""

import shutil
from urllib.parse import quote

import pytest
from accounts_client import logged_in, token_of

pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")

BUCKETS = ("leap-scratch", "leap-persistent", "leap-persistent-ro")
READ = {"list", "get"}
ALL = READ | {"bucket", "create", "overwrite", "delete", "patch", "copy", "change bucket", "delete bucket"}
NONE = set()
# The allowed operations, in the order of BUCKETS. The hub writes to two buckets and reads objects of the third; the
# writers' group writes to the two persistent ones and has no permissions in scratch. The owner of the project has all,
# and nobody else has any.
EXPECTED = {
    "hub": (ALL, ALL, READ),
    "laptop": (ALL, ALL, READ),
    "hpc-member": (NONE, ALL, ALL),
    "hpc-outsider": (NONE, NONE, NONE),
    "service-account": (NONE, ALL, ALL),
    "owner": (ALL, ALL, ALL),
    "anonymous": (NONE, NONE, NONE),
}
# The permission that Google's error message names.
PERMISSIONS = {
    "list": "storage.objects.list",
    "get": "storage.objects.get",
    "bucket": "storage.buckets.get",
    "create": "storage.objects.create",
    "overwrite": "storage.objects.create",
    "delete": "storage.objects.delete",
    "patch": "storage.objects.update",
    "change bucket": "storage.buckets.update",
    "delete bucket": "storage.buckets.delete",
    "copy": "storage.objects.",  # get or create: the message names either if both are missing
}


def do(server, token, bucket, operation):
    """Send the request of an operation on its own object, ``seed/OPERATION``."""
    base, name = f"/storage/v1/b/{bucket}", quote(f"seed/{operation}", safe="")
    upload = f"/upload/storage/v1/b/{bucket}/o?uploadType=media&name="
    method, path, data = {
        "list": ("GET", f"{base}/o", None),
        "get": ("GET", f"{base}/o/{name}?alt=media", None),
        "bucket": ("GET", base, None),
        "create": ("POST", f"{upload}new", b"new"),
        "overwrite": ("POST", f"{upload}{name}", b"new"),
        "delete": ("DELETE", f"{base}/o/{name}", None),
        "patch": ("PATCH", f"{base}/o/{name}", b'{"metadata": {"colour": "blue"}}'),
        "change bucket": ("PATCH", base, b'{"labels": {"colour": "blue"}}'),
        "delete bucket": ("DELETE", base, None),
        "copy": ("POST", f"{base}/o/{name}/rewriteTo/b/{bucket}/o/copied", b""),
    }[operation]
    return server.call(method, path, token=token, data=data)


def put(server, token, bucket, name):
    path = f"/upload/storage/v1/b/{bucket}/o?uploadType=media&name={quote(name, safe='')}"
    assert server.call("POST", path, token=token, data=b"seed").status_code == 200


@pytest.fixture(scope="module")
def seeded(tmp_path_factory, start_server):
    """A state directory in which every bucket has an object for every operation."""
    state = tmp_path_factory.mktemp("state")
    server = start_server(tmp_path_factory.mktemp("seeder"), state=str(state))
    member = logged_in(server)["access_token"]
    for bucket in BUCKETS:
        for operation in ALL:
            put(server, server.token() if bucket == "leap-scratch" else member, bucket, f"seed/{operation}")
    server.process.terminate()
    server.process.wait()
    return state


@pytest.fixture(scope="module", params=EXPECTED)
def machine(request, seeded, tmp_path_factory, start_server):
    """A persona, a server with its own copy of the buckets, and the persona's token."""
    folder = tmp_path_factory.mktemp("machine")
    shutil.copytree(seeded, folder / "state")
    server = start_server(folder / "server", state=str(folder / "state"), persona=request.param)
    yield request.param, server, token_of(server, request.param)
    server.process.terminate()
    server.process.wait()


@pytest.mark.parametrize("operation", sorted(ALL))
@pytest.mark.parametrize("bucket", BUCKETS)
def test_operations_are_allowed_or_refused(machine, bucket, operation):
    persona, server, token = machine

    answer = do(server, token, bucket, operation)

    if operation in EXPECTED[persona][BUCKETS.index(bucket)]:
        # Nobody may delete a bucket with objects.
        assert answer.status_code in ({409} if operation == "delete bucket" else {200, 204}), answer.text
        return
    assert answer.status_code == (401 if persona == "anonymous" else 403), answer.text
    error = answer.json()["error"] if operation != "get" or answer.text.startswith("{") else {"message": answer.text}
    assert f"does not have {PERMISSIONS[operation]}" in error["message"]


@pytest.mark.parametrize("bucket", BUCKETS)
def test_testing_permissions_returns_those_of_the_persona(machine, bucket):
    persona, server, token = machine
    asked = sorted({permission for permission in PERMISSIONS.values() if not permission.endswith(".")})
    path = f"/storage/v1/b/{bucket}/iam/testPermissions?permissions={'&permissions='.join(asked)}"

    answer = server.call("GET", path, token=token).json()

    may = EXPECTED[persona][BUCKETS.index(bucket)]
    expected = {PERMISSIONS[operation] for operation in may if operation != "copy"}
    assert set(answer.get("permissions", [])) == expected
