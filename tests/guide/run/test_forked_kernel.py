"""Kernels that are forks of the process that runs a page."""

import subprocess
import sys

import pytest

# Only a fork has the attribute that this process adds to a module, and the library that the seed has imported.
CODE = """
import json, os, sys, tempfile
from pathlib import Path
import nbformat
from guide.run import preimport
from guide.run.forked_kernel import KernelSeed
from guide.run.machine import Machine, MachineSetup

preimport.import_runner()
print("xarray" in sys.modules, end=" ")
json.changed_before_the_fork = True
tempfile.gettempdir()  # remembers the folder of this process
home = Path(sys.argv[1])
seed = KernelSeed("import xarray as xr") if sys.argv[2] == "seed" else None
setup = MachineSetup(home, {}, temporary=home)
machine = Machine(dict(os.environ) | {"COLOR": "blue"}, home, setup, seed)
cell = nbformat.v4.new_code_cell(
    "import json, os, sys, tempfile\\n"
    "print('xarray' in sys.modules, hasattr(json, 'changed_before_the_fork'), 'guide' in sys.modules, "
    "os.environ['COLOR'], os.getcwd(), tempfile.gettempdir())"
)
try:
    assert machine.execute(cell, numbered=True) is None
finally:
    machine.close()
print(cell.outputs[0].text, end="")
"""


@pytest.mark.parametrize(("kind", "forked"), [("seed", True), ("new process", False)])
def test_a_machine_with_a_seed_starts_it_as_its_kernel(root, tmp_path, kind, forked):
    command = [sys.executable, "-c", CODE, str(tmp_path), kind]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 0, done.stderr
    assert done.stdout == f"False {forked} {forked} False blue {tmp_path} {tmp_path}\n"


def test_a_seed_that_is_not_used_ends(root):
    code = "from guide.run.forked_kernel import KernelSeed; KernelSeed('').close(); print('ended')"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=60, check=False
    )

    assert done.stdout == "ended\n", done.stderr
