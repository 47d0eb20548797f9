"""The topics that the guide covers: each is on its page, with a block that runs or a fact that backs it.

H is the hub, I images, B buckets, U uploads, C compute, S sharing, T teaching, E help. A topic names its page, and code
of a block on that page or the key of a fact; only text, without either, would not be enough.
"""

import json
import re

import pytest
from distributed.versions import error_message

from guide.pages.reader import read_page
from guide.pages.toc import pages_of_book

ROWS = {
    "H1 address, region, operator, configuration": ("book/hub/how-the-hub-is-built.md", "hub.operator.url"),
    "H2 the film": ("book/hub/how-the-hub-is-built.md", "hub.intro_video"),
    "H3 where to ask": ("book/index.md", "help.email"),
    "H4 who may log in, and the invitation": ("book/hub/get-access.md", "help.application_form"),
    "H5 logging in": ("book/hub/log-in.md", 'os.environ["JUPYTERHUB_USER"]'),
    "H6 the smallest share that does": ("book/hub/choose.md", "nbytes"),
    "H7 JupyterLab": ("book/hub/jupyterlab.md", "read_csv"),
    "H8 stopping, and what stops by itself": ("book/hub/stop.md", "timeouts"),
    "H8 hours and days": ("book/hub/long-jobs.md", "fs.put_file(file, path)"),
    "H8 batch jobs": ("book/hub/long-jobs.md", "batch_jobs.repository"),
    "H9 named servers": ("book/hub/stop.md", "JUPYTERHUB_SERVER_NAME"),
    "H10 home directory": ("book/hub/home-directory.md", "home.hard_quota_gib"),
    "H11 git": ("book/hub/git.md", "git push --quiet origin main"),
    "H12 VS Code and SSH": ("book/hub/vs-code.md", "ProxyCommand sh ~/.ssh/hub-proxy %h"),
    "H13 API keys": ("book/hub/api-keys.md", "load_dotenv(folder"),
    "I1 what an image is, and its package list": ("book/images/software-environment.md", "images"),
    "I2 the same image again": ("book/images/custom-image.md", "JUPYTER_IMAGE_SPEC"),
    "I3 a custom image": ("book/images/custom-image.md", "images.custom"),
    "I4 installs that vanish": ("book/images/software-environment.md", "pip install"),
    "I5 the same image elsewhere": ("book/images/custom-image.md", "environment.yml"),
    "B1 the buckets and the two rules": ("book/buckets/rules.md", "buckets.rules.1"),
    "B2 list, read, copy, delete": ("book/buckets/look.md", "fs.du("),
    "B3 Zarr and back": ("book/buckets/read-and-write.md", "open_zarr"),
    "B4 why many NetCDF files are slow": ("notebooks/one-store-beats-a-thousand-files.ipynb", "to_netcdf"),
    "B5 chunk size": ("notebooks/choosing-chunks.ipynb", "chunks"),
    "B6 Parquet, NetCDF, plain files": ("notebooks/tables-with-parquet.ipynb", "read_parquet"),
    "B7 append, regions, overwriting": ("notebooks/append-overwrite-regions.ipynb", "region"),
    "B8 after seven days": ("book/buckets/after-seven-days.md", "missing_chunks(path)"),
    "B9 Icechunk": ("notebooks/icechunk-versions.ipynb", "icechunk"),
    "B9 virtual stores": ("notebooks/virtual-store.ipynb", "virtual"),
    "B10 costs": ("book/buckets/costs.md", "month"),
    "B11 backups": ("book/buckets/backups.md", "differences(project, restored"),
    "B10 costs of compute": ("book/buckets/costs.md", "hour[gpu] = price[gpu]"),
    "B10 the cost of a planned run": ("book/buckets/costs.md", 'plan["total"] = plan.sum()'),
    "U1 which way": ("book/uploads/which-way.md", "du -sh"),
    "U2 requesting a dataset": ("book/uploads/request-a-dataset.md", "help.new_dataset_request"),
    "U3 public stores: ERA5, CMIP6 and others": ("book/uploads/find-public-data.md", "pangeo-cmip6.csv"),
    "U3 a first plot of ERA5": ("notebooks/first-plot-of-era5.ipynb", "valid_time_stop"),
    "U3 published data": ("book/uploads/published-data.md", "to_kerchunk"),
    "U4 from a laptop": ("book/uploads/from-a-laptop.md", "--token-file token.txt"),
    "U4 expiry, and going on": ("book/uploads/from-a-laptop.md", "no longer accepted"),
    "U5 from an HPC system without a browser": ("book/uploads/from-hpc.md", "--remote-bootstrap"),
    "U5 the scopes": ("book/uploads/from-hpc.md", "cloud-platform scope is required but not requested"),
    "U5 cleaning up the file": ("book/uploads/from-hpc.md", "application-default revoke"),
    "U6 uploads that survive": ("notebooks/uploads-that-survive.ipynb", "kill -KILL"),
    "U7 many files to one store": ("book/uploads/convert-many-files.md", "python upload_store.py output ./trial.zarr"),
    "U8 progress bar": ("book/uploads/convert-many-files.md", "ProgressBar"),
    "U9 files as they are": ("book/uploads/files-as-they-are.md", "rclone check"),
    "U10 publishing outside": ("book/uploads/publish-outside-osn.md", "S3Store"),
    "U11 downloads": ("book/uploads/download-to-the-hub.md", "collect(urls, checksums, folder, disk)"),
    "C1 Dask on the server": ("book/compute/dask-on-your-server.md", "LocalCluster"),
    "C1 Dask Gateway": ("book/compute/dask-gateway.md", "cluster.scale("),
    "C2 packages on workers": ("book/compute/packages-on-workers.md", "options.environment"),
    "C3 GPUs": ("book/compute/gpus.md", "nvidia-smi"),
    "C3 the memory of a batch": ("book/compute/gpus.md", "memory_analysis()"),
    "C5 batches from a store": ("notebooks/train-a-network.ipynb", "xbatcher.BatchGenerator("),
    "C5 the same training on a CPU and on a GPU": ("notebooks/train-a-network.ipynb", "jax.device_put("),
    "C5 checkpoints, and resuming": ("notebooks/train-a-network.ipynb", "def newest(run"),
    "C5 mixed precision": ("notebooks/train-a-network.ipynb", "bfloat16"),
    "C4 memory": ("book/compute/memory.md", "nbytes"),
    "S1 sharing with members and people outside": ("book/share/collaborators.md", "manifest(path)"),
    "S1 signed URLs": ("book/help/signed-urls.md", "generate_signed_url"),
    "S2 publishing with a DOI, and the acknowledgement": ("book/share/publish-and-cite.md", "acknowledgement.text"),
    "S2 one file of a store, with a checksum": ("book/share/publish-and-cite.md", "sha256sum --check SHA256SUMS"),
    "S3 branches of notebooks": ("book/share/work-together.md", "nbdiff"),
    "S3 repeating a run": ("book/share/work-together.md", 'git("rev-parse", "HEAD")'),
    "S4 leaving": ("book/hub/leaving.md", "tar --compare"),
    "E1 a page for each symptom": ("book/help/index.md", "help.dataset_issues"),
    "E3 where to ask, and what to send": ("book/help/get-help.md", "traceback.format_exception(sys.last_value)"),
    "T1 teaching a class": ("book/teach/class.md", "teaching.notice_weeks"),
    "T1 nodes for many servers": ("book/teach/class.md", "students / per_node"),
    "T2 course material": ("book/teach/course-material.md", "--ClearOutputPreprocessor.enabled=True"),
    "T2 corrections that keep a student's work": (
        "book/teach/course-material.md",
        "gitpuller ocean-course.git main student",
    ),
    "E1 a DataLoader that hangs": ("book/help/fork-and-dataloader.md", "process.is_alive()"),
    "E1 a store written over itself": ("book/help/wrong-values.md", 'mode="w"'),
    "E1 workers that die": ("book/help/dask-errors.md", "t2m.mean().compute()"),
    "E1 a missing engine": ("book/help/open-errors.md", "xr.backends.list_engines()"),
    "E1 a usage alert": ("book/help/home-directory-full.md", "home.usage_alert.subject"),
    "E2 glossary": ("book/reference/glossary.md", None),
    "E2 bibliography and how to cite": ("book/reference/bibliography.md", "sources"),
}


@pytest.mark.parametrize("row", ROWS)
def test_a_topic_is_on_its_page_and_runs_there(root, row):
    name, check = ROWS[row]

    assert root / name in pages_of_book(), f"{row}: {name} is gone"

    page = read_page(root / name, root)
    code = "\n".join(block.source for block in page.blocks if block.kind != "skip")
    facts = " ".join(re.findall(r"\{fact[\w-]*\}[` ]*([^`\n]+)", (root / name).read_text()))
    assert check is None or check in code or check in facts, f"{row}: nothing on {name} has {check}"


def test_every_symptom_names_what_its_page_raises(root):
    """The text of a help page has the message or the type of its error, so that a search for it leads there."""
    for page in (root / "book/help").glob("*.md"):
        texts = _plain(re.sub(r"`{3,}.*?\n\s*`{3,}", "", page.read_text(), flags=re.DOTALL))
        raised = list(filter(None, (block.raises or block.fails for block in read_page(page, root).blocks)))
        # Checks that the page itself recommends, and an example of any error, are not errors of the hub.
        raised = [text for text in raised if not text.startswith(("AssertionError", "ValueError: invalid literal"))]
        named = [_plain(kind) in texts or _plain(words or kind) in texts for kind, _, words in map(_parts, raised)]
        assert not raised or any(named), f"{page.name}: {raised}"


def test_a_page_quotes_the_table_that_dask_prints_for_other_versions(root):
    notebook, cluster = ({"packages": {"numpy": number}} for number in ("2.4.0", "2.3.5"))
    lines = error_message(cluster, {"worker": cluster}, notebook)["warning"].splitlines()
    page = (root / "book/help/dask-errors.md").read_text()

    assert lines[0] in page
    assert [re.sub(" +", " ", line) for line in lines if "numpy" in line] == re.findall(r"\| numpy .*", page)


def _parts(raised):
    return raised.partition(": ")


def _plain(text):
    return re.sub(r"[\W_]+", " ", json.dumps(text)).lower()
