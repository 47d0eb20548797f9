"""A command of the pages on uploads that no page can run: the signal of the batch system."""

from __future__ import annotations

import re


def test_the_signal_of_the_batch_job_reaches_the_batch_script(root):
    text = (root / "book/uploads/from-hpc.md").read_text()
    script = re.search(r"```bash file=upload.sh.*?```", text, re.DOTALL)[0]

    assert re.findall(r"--signal=(\S+)", script) == ["B:TERM@60"]
    assert re.search(r"^exec python upload_store.py ", script, re.MULTILINE)
