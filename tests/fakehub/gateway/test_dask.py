"""Dask in the stand-in: LocalCluster, and Dask Gateway with the hub's options and limits."""

import functools
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlparse

import pytest
from waiting import until

from fakehub.isolation.processes import of_session
from hubfacts.load import load

ROOT = Path(__file__).resolve().parents[3]
FACTS = load(ROOT / "hub.yml")

# A session that uses every feature once, and prints what it observed.
SESSION = """
import json, os, requests, dask_gateway, netCDF4, numpy as np, xarray as xr

def refusal(action):
    try:
        action()
    except Exception as error:
        return f"{type(error).__name__}: {error}"

def seen_by_worker():
    import gcsfs
    return {"environment": dict(os.environ), "files": gcsfs.GCSFileSystem().ls(os.environ["SCRATCH_BUCKET"])}

def at_worker(path, what):
    import netCDF4, pathlib
    if what == "list":
        return [entry.name for entry in pathlib.Path(path).iterdir()]
    return netCDF4.Dataset(path).title if what == "netCDF" else open(path).read()

home = os.path.expanduser("~")
with netCDF4.Dataset(f"{home}/of-the-reader.nc", "w") as file:
    file.title = "in the home directory"

saw = {}
store = os.environ["SCRATCH_BUCKET"] + "/numbers.zarr"
xr.Dataset({"n": ("x", np.arange(1000))}).chunk(x=100).to_zarr(store)
with dask_gateway.Gateway() as gateway:
    options = gateway.cluster_options()
    saw["defaults"] = dict(options)
    saw["worker_memory"] = refusal(lambda: setattr(options, "worker_memory", 1))
    saw["unknown size"] = refusal(lambda: setattr(options, "worker_resource_allocation", "3CPU"))
    # Not new_cluster: after a refusal, its garbage-collected remains can block the client forever.
    saw["no tag"] = refusal(lambda: gateway.submit(image="pangeo-notebook"))
    url = gateway.address + "/api/v1/clusters/"
    saw["other token"] = requests.get(url, headers={"Authorization": "jupyterhub other"}).status_code
    options.worker_resource_allocation = "16CPU, 115.8Gi"
    options.environment = options.environment | {"ANSWER": "42"}
    with gateway.new_cluster(options) as cluster, cluster.get_client() as client:
        cluster.scale(2)
        client.wait_for_workers(2, timeout=60)
        workers = client.scheduler_info()["workers"].values()
        saw["workers"] = [[worker["nthreads"], worker["memory_limit"]] for worker in workers]
        saw["sum"] = int(xr.open_zarr(store).n.sum())
        saw |= client.submit(seen_by_worker).result(timeout=60)
        path = f"{home}/of-the-reader.nc"
        saw["home"] = {
            what: refusal(lambda: client.submit(at_worker, path, what).result(timeout=60))
            for what in ("netCDF", "Python")
        }
        saw["home"]["list"] = client.submit(at_worker, home, "list").result(timeout=60)
        saw["dashboard link"] = cluster.dashboard_link
        host = gateway.address.partition("/services")[0]
        saw["dashboard"] = requests.get(host + cluster.dashboard_link).status_code
        saw["listed"] = [report.name for report in gateway.list_clusters()] == [cluster.name]
        cluster.adapt(minimum=3, maximum=3)
        client.wait_for_workers(3, timeout=60)
        cluster.shutdown()
    saw["after"] = [report.name for report in gateway.list_clusters()]
print(json.dumps(saw))
"""


@functools.cache
def session(mode: str) -> dict:
    """Return what the session observed. It runs once for all tests of a mode."""
    ran = _run(mode, SESSION)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout.splitlines()[-1])


def _run(mode: str, script: str, *, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "fakehub", "run", "--mode", mode, "--", "python", "-c", script]
    env = os.environ | (env or {})
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=100)


def test_the_options_are_the_hubs_with_its_defaults(mode):
    bucket = "gs://leap-scratch/funky-user"

    assert session(mode)["defaults"] == {
        "instance_type": FACTS.dask_gateway.instance_type,
        "worker_resource_allocation": "1CPU, 7.2Gi",
        "image": FACTS.images.default.ref,
        "environment": {"SCRATCH_BUCKET": bucket, "PANGEO_SCRATCH": bucket},
        "idle_timeout_minutes": FACTS.dask_gateway.idle_timeout_minutes,
    }


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("worker_memory", "AttributeError: No option 'worker_memory' available"),
        ("unknown size", "ValueError: '3CPU' is not a valid option for worker_resource_allocation"),
        ("no tag", "ValueError: When specifying an image you must also provide a tag"),
    ],
)
def test_options_that_the_hub_does_not_have_are_refused(mode, what, message):
    assert session(mode)[what].startswith(message)


def test_another_token_is_refused(mode):
    assert session(mode)["other token"] == 401


def test_workers_report_the_size_that_was_chosen(mode):
    memory = int(115.768 * 2**30)

    assert session(mode)["workers"] == [[15, memory], [15, memory]]


def test_workers_read_zarr_in_scratch(mode):
    assert session(mode)["sum"] == sum(range(1000))
    assert session(mode)["files"] == ["leap-scratch/funky-user/numbers.zarr"]


def test_workers_have_their_variables_of_the_hub_and_added_ones(mode):
    environment = session(mode)["environment"]

    assert environment["ANSWER"] == "42"
    assert set(environment) & set(FACTS.environment_variables.values) == {"SCRATCH_BUCKET", "PANGEO_SCRATCH"}
    assert "JUPYTERHUB_API_TOKEN" not in environment


def test_workers_do_not_see_the_readers_home_directory(mode):
    refusals = session(mode)["home"]

    assert refusals.pop("list") == []
    assert refusals.keys() == {"netCDF", "Python"}
    assert all(refusal.startswith("FileNotFoundError: [Errno 2] No such file") for refusal in refusals.values())


def test_the_dashboard_answers_at_the_hubs_path(mode):
    assert session(mode)["dashboard link"].startswith("/services/dask-gateway/clusters/")
    assert session(mode)["dashboard"] == 200


def test_a_cluster_is_listed_until_it_is_shut_down(mode):
    assert session(mode)["listed"]
    assert session(mode)["after"] == []


LOCAL = """
def of_process():
    import os, gcsfs
    return gcsfs.GCSFileSystem().cat(os.environ["SCRATCH_BUCKET"] + "/a").decode(), os.getpid()

if __name__ == "__main__":
    import os, gcsfs
    from distributed import Client
    gcsfs.GCSFileSystem().pipe(os.environ["SCRATCH_BUCKET"] + "/a", b"from storage")
    with Client(n_workers=2, threads_per_worker=1) as client:
        answers = client.run(of_process).values()
    assert os.getpid() not in {pid for _, pid in answers} and len(answers) == 2
    print({text for text, _ in answers})
"""


def test_the_processes_of_a_local_cluster_reach_storage(mode):
    ran = _run(mode, LOCAL)

    assert ran.stdout == "{'from storage'}\n", ran.stderr


def test_the_gateway_is_not_started_until_it_is_used(fakehub):
    ran = fakehub("--", "sh", "-c", "echo $DASK_GATEWAY__ADDRESS; ls $FAKEHUB_SESSION")

    assert "http://127.0.0.1:" in ran.stdout
    assert "gateway.log" not in ran.stdout


def test_a_missing_proxy_program_is_one_clear_line(tmp_path):
    (tmp_path / "dask_gateway_server").mkdir()
    (tmp_path / "dask_gateway_server" / "__init__.py").touch()
    script = "import dask_gateway; dask_gateway.Gateway().list_clusters()"

    ran = _run("proxy", script, env={"PYTHONPATH": str(tmp_path)})

    assert "GatewayServerError: the Dask Gateway has no proxy program, which PyPI's wheels" in ran.stderr


LEFT_RUNNING = """
import os, pathlib, time, dask_gateway
gateway = dask_gateway.Gateway()
cluster = gateway.new_cluster(shutdown_on_close=False)
cluster.scale(2)
cluster.get_client().wait_for_workers(2, timeout=60)
report = pathlib.Path(os.environ["REPORT"])
report.with_suffix(".part").write_text(os.environ["FAKEHUB_SESSION"] + " " + gateway.address)
report.with_suffix(".part").rename(report)
time.sleep(float(os.environ["STAYS"]))
os._exit(0)
"""


def _leave_running(mode: str, stays: float, folder: Path) -> tuple[subprocess.Popen, str, str]:
    """Start a run that leaves a cluster running; return it, the session's folder and the gateway's address."""
    command = [sys.executable, "-m", "fakehub", "run", "--mode", mode, "--", "python", "-c", LEFT_RUNNING]
    (folder / "tmp").mkdir()
    env = os.environ | {"TMPDIR": str(folder / "tmp"), "REPORT": str(folder / "report"), "STAYS": str(stays)}
    started = subprocess.Popen(command, cwd=ROOT, env=env)
    until(lambda: (folder / "report").exists() or started.poll() is not None)
    return started, *(folder / "report").read_text().split()


def test_a_cluster_left_running_ends_with_the_session(tmp_path):
    # In proxy mode, because in namespaces the system itself terminates every process.
    started, workdir, address = _leave_running("proxy", 0, tmp_path)

    assert started.wait(timeout=60) == 0

    assert of_session(workdir) == []
    assert not _listens(address)
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_cluster_left_running_ends_when_the_session_is_killed(mode, tmp_path):
    started, workdir, address = _leave_running(mode, 1234.5, tmp_path)
    assert len(of_session(workdir)) > 5, "the gateway, its proxy, a scheduler and two workers with a nanny each"

    os.kill(started.pid, signal.SIGKILL)
    started.wait(timeout=60)

    until(lambda: not of_session(workdir) and not _listens(address))


def _listens(address: str) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", urlparse(address).port)) == 0
