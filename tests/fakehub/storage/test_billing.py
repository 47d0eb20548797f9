"""Who pays for a request: quota projects, and buckets whose readers pay."""

import json
import shutil
import sys

import pytest

from tests.fakehub.api_client import API, UPLOAD, Api, object_path
from tests.fakehub.xml_client import error

ARCHIVE, STATIONS = "river-discharge-archive", "stations.csv"
OURS, THEIRS = "leap-pangeo", "somebody-elses-project"
MISSING = "Bucket is a requester pays bucket but no user project provided."
DENIED = "does not have serviceusage.services.use access to the Google Cloud project."


@pytest.fixture(scope="module")
def api(server) -> Api:
    return Api(server)


def as_parameter(project):
    return {"params": {"userProject": project}}


def as_header(project):
    return {"headers": {"x-goog-user-project": project}}


@pytest.mark.parametrize("named", [as_parameter, as_header])
@pytest.mark.parametrize(
    "path", [f"{API}/{ARCHIVE}/o", object_path(ARCHIVE, STATIONS), f"{object_path(ARCHIVE, STATIONS)}?alt=media"]
)
def test_a_reader_who_names_a_project_reads(api, path, named) -> None:
    assert api.call("GET", path, **named(OURS)).status_code == 200


@pytest.mark.parametrize("path", [f"{API}/{ARCHIVE}", f"{API}/{ARCHIVE}/o", object_path(ARCHIVE, STATIONS)])
@pytest.mark.parametrize("anonymous", [False, True])
def test_without_a_project_nobody_reads(api, path, anonymous) -> None:
    response = api.call("GET", path, anonymous=anonymous)
    (detail,) = response.json()["error"]["errors"]
    assert (response.status_code, detail["reason"], detail["message"]) == (400, "required", MISSING)


@pytest.mark.parametrize("named", [as_parameter, as_header])
@pytest.mark.parametrize("bucket", [ARCHIVE, "leap-scratch"])
def test_a_project_of_somebody_else_is_refused_everywhere(api, bucket, named) -> None:
    response = api.call("GET", f"{API}/{bucket}/o", **named(THEIRS))
    assert response.status_code == 403
    assert response.json()["error"]["errors"][0]["reason"] == "forbidden"
    assert f"hub-user@leap-pangeo.iam.gserviceaccount.com {DENIED}" in response.json()["error"]["message"]


@pytest.mark.parametrize("named", [as_parameter, as_header])
def test_a_refused_project_stores_nothing(api, named) -> None:
    path = f"{UPLOAD}/leap-scratch/o?uploadType=media&name=unpaid"
    assert api.call("POST", path, data=b"data", **named(THEIRS)).status_code == 403
    assert api.get("leap-scratch", "unpaid").status_code == 404


def test_only_an_account_has_projects(api) -> None:
    response = api.call("GET", f"{API}/{ARCHIVE}/o", anonymous=True, **as_parameter(OURS))
    assert response.status_code == 401
    assert response.json()["error"]["message"].startswith(f"Anonymous caller {DENIED}")


@pytest.mark.parametrize("name", ["UPPER-CASE", "short", "-hyphen-first", "hyphen-last-", "with space", "x" * 31])
def test_a_name_that_no_project_has_is_invalid(api, name) -> None:
    response = api.call("GET", f"{API}/leap-scratch/o", **as_parameter(name))
    assert response.status_code == 400
    assert response.json()["error"]["message"] == "User project specified in the request is invalid."


def test_a_parameter_prevails_over_the_header(api) -> None:
    both = as_parameter(OURS) | as_header(THEIRS)
    assert api.call("GET", f"{API}/{ARCHIVE}/o", **both).status_code == 200


def test_a_copy_needs_a_project_for_its_source(api) -> None:
    path = f"{object_path(ARCHIVE, STATIONS)}/rewriteTo/b/leap-scratch/o/stations-copy"
    assert api.call("POST", path).status_code == 400
    assert api.call("POST", path, **as_parameter(OURS)).status_code == 200
    assert api.get("leap-scratch", "stations-copy", alt="media").text.startswith("station,river,")


def test_each_part_of_a_batch_names_its_project(api) -> None:
    lines = [object_path(ARCHIVE, STATIONS) + query for query in ("", f"?userProject={OURS}", f"?userProject={THEIRS}")]
    parts = "".join(f"--b\r\nContent-Type: application/http\r\n\r\nGET {line} HTTP/1.1\r\n\r\n\r\n" for line in lines)
    headers = {"Content-Type": "multipart/mixed; boundary=b"}
    text = api.call("POST", "/batch/storage/v1", data=f"{parts}--b--", headers=headers).text
    assert [text.count(f"HTTP/1.1 {status}") for status in (400, 200, 403)] == [1, 1, 1]


@pytest.mark.parametrize("named", [as_parameter, as_header])
def test_the_xml_api_follows_the_same_rules(server, named) -> None:
    path = f"/{ARCHIVE}/{STATIONS}"
    assert server.call("GET", path, **named(OURS)).text.startswith("station,river,")
    assert error(server.call("GET", path)) == ("UserProjectMissing", None)
    refused = server.call("GET", path, **named(THEIRS))
    assert (refused.status_code, error(refused)) == (403, ("UserProjectAccessDenied", None))
    assert DENIED in refused.text
    invalid = server.call("GET", path, **named("INVALID"))
    assert (invalid.status_code, error(invalid)) == (400, ("UserProjectInvalid", None))
    anonymous = server.call("GET", path, token=None, **named(OURS))
    assert (anonymous.status_code, error(anonymous)) == (403, ("UserProjectAccessDenied", None))


def test_an_xml_copy_needs_a_project_for_its_source(server) -> None:
    copy = {"x-goog-copy-source": f"/{ARCHIVE}/{STATIONS}"}
    assert error(server.call("PUT", "/leap-scratch/xml-copy", headers=copy)) == ("UserProjectMissing", None)
    paid = copy | {"x-goog-user-project": OURS}
    assert server.call("PUT", "/leap-scratch/xml-copy", headers=paid).status_code == 200


def test_the_bucket_says_that_readers_pay(api) -> None:
    assert api.call("GET", f"{API}/{ARCHIVE}/iam", **as_parameter(OURS)).status_code == 403
    held = api.call("GET", f"{API}/{ARCHIVE}/iam/testPermissions?permissions=storage.objects.get", **as_header(OURS))
    assert held.json()["permissions"] == ["storage.objects.get"]


def test_nobody_writes_to_a_bucket_of_another_project(api) -> None:
    path = f"{UPLOAD}/{ARCHIVE}/o?uploadType=media&name=ours"
    assert api.call("POST", path, data=b"data", **as_header(OURS)).status_code == 403


_QUOTA = """
import json, pathlib, sys
import gcsfs
from google.cloud import storage
path = pathlib.Path.home() / ".config/gcloud/application_default_credentials.json"
path.write_text(json.dumps(json.loads(path.read_text()) | {"quota_project_id": sys.argv[1]}))
def outcome(action):
    try:
        action()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "done"
bucket = storage.Client(project="any").bucket("leap-persistent")
fs = gcsfs.GCSFileSystem()
print(json.dumps([
    outcome(lambda: bucket.blob("quota-gcs").upload_from_string("data")),
    outcome(lambda: fs.pipe("leap-persistent/quota-gcsfs", b"data")),
]))
"""


@pytest.mark.parametrize(("project", "works"), [("funky-user-project", True), (OURS, False), (THEIRS, False)])
def test_clients_send_the_quota_project_of_their_credentials(fakehub, project, works) -> None:
    """``gcloud auth application-default set-quota-project`` writes it into the file."""
    run = fakehub("--persona", "hpc-member", "--", sys.executable, "-c", _QUOTA, project)
    outcomes = json.loads(run.stdout.splitlines()[-1])
    assert all((outcome == "done") is works for outcome in outcomes), outcomes
    assert all(works or f"funky-user@example.com {DENIED}" in outcome for outcome in outcomes), outcomes


@pytest.mark.skipif(shutil.which("gcloud") is None, reason="gcloud is not on this machine")
def test_gcloud_sets_only_a_quota_project_of_ones_own(fakehub):
    command = "gcloud --quiet auth application-default set-quota-project"
    script = f"{command} funky-user-project && {command} {OURS}; cat ~/.config/gcloud/*_credentials.json"

    run = fakehub("--persona", "hpc-member", "--", "bash", "-c", script)

    assert json.loads(run.stdout)["quota_project_id"] == "funky-user-project"
    assert 'does not have the "serviceusage.services.use" permission on this project' in run.stderr
