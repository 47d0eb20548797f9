"""How unmodified clients react to faults: which of them notice, retry or resume."""

import pytest

PRELUDE = """
import logging, os, warnings
from pathlib import Path
warnings.simplefilter("ignore")
logging.disable()
import gcsfs
from google.cloud import storage
from google.cloud.storage.exceptions import DataCorruption
from fakehub.control.client import Control

control = Control(Path(os.environ["FAKEHUB_SESSION"]))
url = os.environ["SCRATCH_BUCKET"] + "/object"
fs = gcsfs.GCSFileSystem()
bucket, _, name = url.removeprefix("gs://").partition("/")
bucket = storage.Client(project="p").bucket(bucket)
data = bytes(range(256)) * 1600
large = bytes(range(256)) * 36864  # 9 MiB: google-cloud-storage sends up to 8 in one request
fs.pipe(url, data)

def struck():
    return control.faults()[0]["struck"]

def upload_with_gcsfs():
    with fs.open(url, "wb", block_size=2**20) as file:
        file.write(large[: 3 * 2**20])
    return fs.cat(url) == large[: 3 * 2**20]

def upload_with_google_cloud_storage():
    bucket.blob(name, chunk_size=4 * 2**20).upload_from_string(large)
    return fs.cat(url) == large
"""


@pytest.fixture
def in_session(fakehub, mode):
    """Return a function that runs a script after ``PRELUDE`` in a session and compares its output."""

    def check(script: str, printed: str) -> None:
        ran = fakehub("--mode", mode, "--", "python", "-c", PRELUDE + script)
        assert ran.stdout == printed, ran.stderr

    return check


def test_gcsfs_and_google_cloud_storage_retry_after_429_and_503(in_session):
    script = """
for code in (429, 503):
    for read in (lambda: fs.cat(url), bucket.blob(name).download_as_bytes):
        control.clear_faults()
        control.add_fault(effect="status", code=code, path="alt=media", times=1)
        print(read() == data, struck())
"""
    in_session(script, "True 1\n" * 4)


def test_both_complete_a_download_after_a_reset_or_a_truncation(in_session):
    script = """
for effect in ("reset", "truncate"):
    for read in (lambda: fs.cat(url), bucket.blob(name).download_as_bytes):
        control.clear_faults()
        control.add_fault(effect=effect, times=1, path="alt=media")
        print(read() == data, struck())
"""
    in_session(script, "True 1\n" * 4)


def test_google_cloud_storage_notices_corrupted_bytes_and_gcsfs_does_not(in_session):
    script = """
control.add_fault(effect="corrupt")
try:
    bucket.blob(name).download_as_bytes()
except DataCorruption:
    print("noticed")
got = fs.cat(url)
print(len(got) == len(data), got == data)
"""
    in_session(script, "noticed\nTrue False\n")


def test_both_resume_an_upload_after_503_and_a_broken_connection(in_session):
    script = """
for upload in (upload_with_gcsfs, upload_with_google_cloud_storage):
    for rule in ({"effect": "status", "code": 503}, {"effect": "reset-upload"}, {"effect": "reset"}):
        control.clear_faults()
        control.add_fault(path="upload_id", nth=2, **rule)
        print(upload(), struck())
"""
    in_session(script, "True 1\n" * 6)


def test_neither_restarts_a_dropped_upload(in_session):
    script = """
control.add_fault(effect="drop-upload", nth=2)
try:
    upload_with_gcsfs()
except FileNotFoundError:
    print("gcsfs: FileNotFoundError")
control.clear_faults()
control.add_fault(effect="drop-upload", nth=2)
try:
    upload_with_google_cloud_storage()
except Exception as error:
    print(f"google-cloud-storage: {type(error).__name__}")
print(fs.cat(url) == data)
"""
    in_session(script, "gcsfs: FileNotFoundError\ngoogle-cloud-storage: NotFound\nTrue\n")
