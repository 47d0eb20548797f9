"""When Dask Gateway stops a cluster: after its idle time, in which no task of a connected notebook runs."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
# Starts three clusters with an idle time of a minute, and prints which of them remain after two.
SESSION = """
import json, time, dask_gateway

gateway = dask_gateway.Gateway()
clusters, clients, tasks = {}, {}, {}
for name in ("computes", "no tasks", "its notebook is gone"):
    clusters[name] = gateway.new_cluster(idle_timeout_minutes=1, shutdown_on_close=False)
    clusters[name].scale(1)
    clients[name] = clusters[name].get_client()
    clients[name].wait_for_workers(1, timeout=100)
for name in ("computes", "its notebook is gone"):
    tasks[name] = clients[name].submit(time.sleep, 600)
until = time.monotonic() + 60
while not all(clients[name].processing() and any(clients[name].processing().values()) for name in tasks):
    assert time.monotonic() < until
    time.sleep(0.2)
clients["its notebook is gone"].close()

time.sleep(100)
left = {report.name for report in gateway.list_clusters()}
print(json.dumps([name for name, cluster in clusters.items() if cluster.name in left]))
gateway.stop_cluster(clusters["computes"].name)
"""


def test_only_a_cluster_that_computes_for_somebody_is_not_idle():
    command = [sys.executable, "-m", "fakehub", "run", "--", "python", "-c", SESSION]
    ran = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=400)

    assert ran.stdout.splitlines()[-1:] == ['["computes"]'], ran.stderr
