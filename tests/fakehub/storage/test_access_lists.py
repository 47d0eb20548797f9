"""Unit tests of the access control lists that a bucket without uniform access has."""

import pytest
from refusals import refusal

from fakehub.storage.acl import entries, predefined
from hubfacts.schema import Bucket


def bucket(uniform):
    values = {"delete_after_days": None, "hub": "write", "writers_group": True, "uniform_access": uniform, "for": "x"}
    return Bucket.model_validate(values)


def test_predefined_lists_need_a_bucket_without_uniform_access_and_open_nothing():
    assert predefined(bucket(True), None, "no") is None and predefined(bucket(False), None, "no") is None
    assert predefined(bucket(False), "private", "no") == "private"
    assert refusal(predefined, bucket(False), "publicRead", "no").reason == "notImplemented"
    error = refusal(predefined, bucket(True), "private", "no")
    assert (error.status, error.message) == (400, "no")


@pytest.mark.parametrize(
    ("acl", "teams"),
    [
        (None, ["owners", "editors", "viewers"]),
        ("projectPrivate", ["owners", "editors", "viewers"]),
        ("private", []),
        ("bucketOwnerRead", ["owners"]),
    ],
)
def test_a_list_names_the_projects_teams_and_the_owner(acl, teams):
    listed = entries("b", "o", 7, "me@example.com", acl)

    roles = {"owners": "OWNER", "editors": "OWNER", "viewers": "READER"}
    expected = [(f"project-{team}-1", roles[team]) for team in teams] + [("user-me@example.com", "OWNER")]
    assert [(entry["entity"], entry["role"]) for entry in listed] == expected
    assert {entry["kind"] for entry in listed} == {"storage#objectAccessControl"}
    assert listed[-1]["email"] == "me@example.com" and "projectTeam" not in listed[-1]
    assert {entry["generation"] for entry in listed} == {"7"}


def test_a_buckets_own_list_has_no_object_and_no_owner():
    listed = entries("b")

    assert {entry["kind"] for entry in listed} == {"storage#bucketAccessControl"}
    assert all("object" not in entry and "email" not in entry for entry in listed)
    assert [entry["id"] for entry in listed] == [f"b/project-{team}-1" for team in ("owners", "editors", "viewers")]
