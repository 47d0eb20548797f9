"""The script of *Run something for hours or days*: killed at its requests, and on data that readers have.

It is killed at every third request that changes the bucket; ``CUTS=all`` kills it at each.
"""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from guide.pages.reader import read_page

PAGE = "book/hub/long-jobs.md"
FOLDER = "guide-examples/long-jobs"
# Values of the script's variable on days of any calendar; the first year and the last one are not complete.
DATA = """
import numpy as np, xarray as xr
def daily(start, end, calendar="standard", chunk=200):
    time = xr.date_range(start, end, calendar=calendar, use_cftime=True if calendar != "standard" else None)
    pr = np.random.default_rng(seed=42).gamma(0.5, 6, (time.size, 2)).astype("float32")
    ds = xr.Dataset({"pr": (("time", "lat"), pr, {"units": "mm day-1"})}, coords={"time": time, "lat": [0.0, 60.0]})
    ds["time_bnds"] = (("time", "bnds"), np.stack([time, time], axis=1))
    return ds.chunk(time=chunk)

def expected(ds):
    return ds[["pr"]].load().resample(time="MS").mean()
"""


def script(root):
    """Return the script as the page shows it."""
    (block,) = [block for block in read_page(root / PAGE, root).blocks if block.target == f"{FOLDER}/monthly_means.py"]
    return block.source


@pytest.fixture
def run(root, stand_in, tmp_path, request):
    """Run a program beside the script, with a folder in the scratch bucket that no other test uses."""
    (tmp_path / "monthly_means.py").write_text(script(root))
    bucket = stand_in.environment["SCRATCH_BUCKET"] + "/" + request.node.name.replace("[", "-").strip("]")
    env = stand_in.environment | {"SCRATCH_BUCKET": bucket, "PYTHONPATH": str(root)}

    def call(program):
        text = (
            f"import os, gcsfs\nfolder = os.environ['SCRATCH_BUCKET'] + '/{FOLDER}'\n" + DATA + textwrap.dedent(program)
        )
        command = [sys.executable, "-W", "ignore", "-c", text]
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=900)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    return call


@pytest.mark.parametrize(
    ("calendar", "start", "end"),
    [
        ("standard", "2000-02-20", "2002-05-07"),
        ("noleap", "2000-01-01", "2001-12-31"),
        ("360_day", "1999-12-01", "2001-02-30"),
        ("proleptic_gregorian", "0849-12-01", "0851-01-31"),
    ],
)
def test_all_calendars_and_incomplete_years(run, calendar, start, end):
    program = f"""
        ds = daily({start!r}, {end!r}, {calendar!r})
        ds.to_zarr(folder + "/daily.zarr")
        import monthly_means
        result = xr.open_zarr(folder + "/monthly.zarr")
        xr.testing.assert_allclose(result.load(), expected(ds))
        print(result.pr.attrs, result.pr.dtype)
        """
    assert run(program)[-1] == "{'units': 'mm day-1'} float32"


def test_packed_values(run):
    program = """
        packing = {"pr": {"dtype": "int16", "scale_factor": 0.01, "_FillValue": -1}}
        daily("2000-01-01", "2001-12-31").to_zarr(folder + "/daily.zarr", encoding=packing)
        import monthly_means
        result = xr.open_zarr(folder + "/monthly.zarr").load()
        xr.testing.assert_allclose(result, expected(xr.open_zarr(folder + "/daily.zarr")))
        """
    assert "All years" in run(program)[-1]


def test_the_progress_bar_prints_while_one_task_runs(run, root):
    program = """
        import dask, time
        from dask.diagnostics import ProgressBar
        with ProgressBar(dt=0.2):
            dask.delayed(time.sleep)(1).compute()
        """
    assert sum("Completed" in line for line in run(program)) > 3
    assert "`with ProgressBar(dt=60):`" in (root / PAGE).read_text()


def test_the_cell_fails_if_the_script_fails(root, tmp_path):
    (block,) = [block for block in read_page(root / PAGE, root).blocks if "| tee" in block.source]
    magic, cell = block.source.split("\n", 1)
    folder = tmp_path / FOLDER
    folder.mkdir(parents=True)
    (folder / "monthly_means.py").write_text("print(2000)\nraise OSError\n")
    env = os.environ | {"HOME": str(tmp_path), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}

    ran = subprocess.run(["bash", "-c", cell], env=env, capture_output=True, text=True)

    assert (magic, ran.returncode, ran.stdout) == ("%%bash", 1, "2000\n")
    assert (folder / "progress.log").read_text() == "2000\n" and "OSError" in (folder / "errors.log").read_text()


def test_following_a_job_ends_when_the_job_ends(root, tmp_path):
    (block,) = [block for block in read_page(root / PAGE, root).blocks if "--pid" in block.source]
    assert block.source.splitlines()[:2] == ["%%bash", f"cd ~/{FOLDER}"]
    follow = block.source.splitlines()[2]
    start = "(echo first; sleep 1; echo last) > progress.log & echo $! > job.pid"

    ran = subprocess.run(
        ["bash", "-c", f"{start}; {follow}; exit"], cwd=tmp_path, capture_output=True, text=True, timeout=30
    )

    assert ran.stdout.splitlines()[-1] == "last"


# Kills the script at requests that change the bucket, after they took effect; others leave it as it is.
# The script runs in forks of a process that has imported the libraries, but has made no request.
KILLED = """
    import signal, sys, time, dask.array, distributed, h5netcdf, pandas
    from pathlib import Path
    from fakehub.control.client import Control

    HOST = "storage.googleapis.com"
    control = Control(Path(os.environ["FAKEHUB_SESSION"]))
    ds = daily("2000-01-01", "2001-12-31", chunk=800)

    def child(work):
        if (pid := os.fork()) == 0:
            try:
                work()
                sys.stdout.flush()
                os._exit(0)
            except BaseException as error:
                print(repr(error), file=sys.stderr, flush=True)
                os._exit(1)
        return pid

    def ends(work):
        return os.waitstatus_to_exitcode(os.waitpid(child(work), 0)[1])

    def script():
        import monthly_means

    def forget():
        fs = gcsfs.GCSFileSystem()
        if fs.exists(folder + "/monthly"):
            fs.rm(folder + "/monthly", recursive=True)

    def judge():
        fs = gcsfs.GCSFileSystem()
        for path in fs.glob(folder + "/monthly/*.nc"):
            year = xr.open_dataset(fs.open(path), engine="h5netcdf").load()
            xr.testing.assert_allclose(year, expected(ds).sel(time=path[-7:-3]))
        script()
        xr.testing.assert_allclose(xr.open_zarr(folder + "/monthly.zarr").load(), expected(ds))
        forget()

    def kill_at(number, effect):
        if effect:
            control.add_fault(effect="reset", at=0, nth=number, host=HOST)
        control.add_fault(effect="stall", seconds=3600, from_nth=number, host=HOST)
        pid, ended = child(script), 0
        while not ended and not control.faults()[-1]["struck"]:
            time.sleep(0.005)
            ended, _ = os.waitpid(pid, os.WNOHANG)
        if not ended:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        control.clear_faults()
        return not ended

    assert ends(lambda: ds.to_zarr(folder + "/daily.zarr")) == 0
    before = len(control.log())
    assert ends(script) == 0
    methods = [row["method"] for row in control.log()[before:] if row["host"] == HOST]
    assert ends(judge) == 0
    writes = [number for number, method in enumerate(methods, 1) if method != "GET"]
    killed = 0
    # A kill before a write has an effect leaves what a kill after the write before it leaves.
    for number, effect in [(writes[0], False), *((number, True) for number in writes[::EVERY])]:
        killed += kill_at(number, effect)
        assert ends(judge) == 0, (number, effect)
    print("killed", killed)
    """


def test_a_rerun_after_a_kill_at_any_write_gives_the_same_result(run):
    every = 1 if os.environ.get("CUTS") == "all" else 3
    killed = int(run(KILLED.replace("EVERY", str(every)))[-1].removeprefix("killed "))

    assert killed > 10 / every
