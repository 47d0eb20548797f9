"""The commands of the pages on uploads that no page can run: conda's environment and the batch system's signal."""

from __future__ import annotations

import re

import pytest
import yaml


@pytest.mark.parametrize("page", ["from-a-laptop.md", "from-hpc.md"])
def test_pages_activate_the_environment_that_the_file_defines(root, page):
    text = (root / "book/uploads" / page).read_text()
    name = yaml.safe_load((root / "environment.yml").read_text())["name"]

    activated = re.findall(r"conda activate (\S+)|conda install --name (\S+)", text)

    assert {word for words in activated for word in words if word} <= {name}
    assert activated or page == "from-hpc.md"


def test_the_signal_of_the_batch_job_reaches_the_batch_script(root):
    text = (root / "book/uploads/from-hpc.md").read_text()
    script = re.search(r"```bash file=upload.sh.*?```", text, re.DOTALL)[0]

    assert re.findall(r"--signal=(\S+)", script) == ["B:TERM@60"]
    assert re.search(r"^exec python upload_store.py ", script, re.MULTILINE)
