"""The limit on writes to one object, which is off until somebody sets it."""

import os
import subprocess
import sys
from urllib.parse import quote

import pytest

from fakehub.control.client import Control, ControlError
from tests.fakehub.api_client import UPLOAD, Api, object_path

BUCKET = "leap-scratch"


@pytest.fixture(scope="module")
def api(server) -> Api:
    return Api(server)


@pytest.fixture
def control(server):
    """The controls; a minute has to pass between two writes of one object."""
    control = Control(server.folder)
    control.set_limits(60)
    yield control
    control.set_limits(0)


def _compose(api, name):
    body = {"sourceObjects": [{"name": "part"}]}
    return api.call("POST", f"{object_path(BUCKET, name)}/compose", json=body)


def _rewrite(api, name):
    target = f"/rewriteTo/b/{BUCKET}/o/{quote(name, safe='')}"
    return api.call("POST", object_path(BUCKET, "part") + target)


WRITES = {
    "upload": lambda api, name: api.put(BUCKET, name),
    "patch": lambda api, name: api.call("PATCH", object_path(BUCKET, name), json={"contentType": "text/csv"}),
    "compose": _compose,
    "rewrite": _rewrite,
    "delete": lambda api, name: api.call("DELETE", object_path(BUCKET, name)),
    "XML upload": lambda api, name: api.call("PUT", f"/{BUCKET}/{name}", data=b"data"),
    "XML delete": lambda api, name: api.call("DELETE", f"/{BUCKET}/{name}"),
}


@pytest.mark.parametrize("write", WRITES)
def test_a_second_write_of_an_object_is_refused_until_the_time_has_passed(api, control, write):
    name = f"limited-{write.replace(' ', '-')}"
    api.put(BUCKET, "part")
    assert api.put(BUCKET, name).status_code == 200
    before = api.get(BUCKET, name).json()

    refused = WRITES[write](api, name)
    unchanged = api.get(BUCKET, name).json()
    control.advance(60)
    accepted = WRITES[write](api, name)

    assert (refused.status_code, unchanged) == (429, before)
    assert f"The object {BUCKET}/{name} exceeded the rate limit for object mutation operations" in refused.text
    assert accepted.status_code in {200, 204}


def test_reading_and_other_objects_are_not_limited(api, control):
    assert [api.put(BUCKET, f"other-{number}").status_code for number in range(20)] == [200] * 20
    assert [api.get(BUCKET, "other-1", alt="media").status_code for _ in range(5)] == [200] * 5


def test_a_write_that_is_refused_for_another_reason_does_not_count(api, control):
    path = f"{UPLOAD}/{BUCKET}/o?uploadType=media&name=conditional&ifGenerationMatch=1"

    assert api.call("POST", path, data=b"data").status_code == 412
    assert api.put(BUCKET, "conditional").status_code == 200


def test_without_a_limit_an_object_may_be_written_at_any_rate(server, api):
    assert Control(server.folder).limits() == {"between_writes_s": 0}
    assert [api.put(BUCKET, "often").status_code for _ in range(10)] == [200] * 10


@pytest.mark.parametrize("seconds", [-1, 86401])
def test_an_impossible_limit_is_one_line(control, seconds):
    with pytest.raises(ControlError, match=r"^the time between two writes must be between 0 and one day$"):
        control.set_limits(seconds)
    assert control.limits() == {"between_writes_s": 60}


def test_the_command_sets_shows_and_removes_the_limit(server, root):
    env = os.environ | {"FAKEHUB_SESSION": str(server.folder)}

    def limits(*arguments):
        command = [sys.executable, "-m", "fakehub", "limits", *arguments]
        return subprocess.run(command, env=env, cwd=root, capture_output=True, text=True, timeout=60)

    assert limits("set", "--between-writes", "1s").stdout == limits("show").stdout == "between_writes_s=1\n"
    assert limits("clear").stdout == "between_writes_s=0\n"
    wrong = limits("set", "--between-writes", "soon")
    assert wrong.returncode == 2 and "--between-writes" in wrong.stderr
