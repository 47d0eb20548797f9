"""The topics that the guide covers: each is on its page, with a block that runs or a fact that backs it.

H is the hub, I images, B buckets, U uploads, C compute, E help. A topic names its page, and code of a block on that
page or the key of a fact; only text, without either, would not be enough.
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
    "H9 named servers": ("book/hub/stop.md", "JUPYTERHUB_SERVER_NAME"),
    "H10 home directory": ("book/hub/home-directory.md", "home.hard_quota_gib"),
    "H11 git": ("book/hub/git.md", "git push --quiet origin main"),
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
    "U1 which way": ("book/uploads/which-way.md", "du -sh"),
    "U2 requesting a dataset": ("book/uploads/request-a-dataset.md", "help.new_dataset_request"),
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
    "C1 Dask on the server": ("book/compute/dask-on-your-server.md", "LocalCluster"),
    "C1 Dask Gateway": ("book/compute/dask-gateway.md", "cluster.scale("),
    "C2 packages on workers": ("book/compute/packages-on-workers.md", "options.environment"),
    "C3 GPUs": ("book/compute/gpus.md", "nvidia-smi"),
    "C3 the same training on both": ("book/compute/gpus.md", "jax.device_put((weights, inputs, targets), device)"),
    "C4 memory": ("book/compute/memory.md", "nbytes"),
    "E1 a page for each symptom": ("book/help/index.md", "version"),
    "E1 a store written over itself": ("book/help/wrong-values.md", 'mode="w"'),
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
