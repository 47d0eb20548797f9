"""What is replaced in the browser's process: threads, executors, links between files, packages and IPython."""

from __future__ import annotations

import pytest

from tests.fakehub.browser import in_browser

PROGRAM = """
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed

# Threads.
noted, error = [], []
thread = threading.Thread(target=lambda: noted.append("worked"), name="worker")
thread.start()
thread.join()
results["thread"] = [*noted, thread.is_alive()]
daemon = threading.Thread(target=lambda: noted.append("a loop that never ends"), daemon=True)
daemon.start()
daemon.join(timeout=1)
results["daemon"] = [len(noted), daemon.is_alive()]
threading.excepthook = lambda failure: error.append(repr(failure.exc_value))
failing = threading.Thread(target=lambda: 1 / 0)
results["failing start"] = error_of(failing.start)
results["failing"] = [*error, failing.is_alive()]
results["started twice"] = error_of(thread.start)
timer = threading.Timer(0.01, lambda: noted.append("timer"))
timer.start()
results["timer"] = noted[-1]

# Executors.
with ThreadPoolExecutor(4) as pool:
    results["map"] = list(pool.map(lambda number: number**2, range(5)))
    futures = [pool.submit(divmod, 7, number) for number in (2, 0)]
    results["futures"] = [list(futures[0].result()), error_of(futures[1].result)]
    results["completed"] = len(list(as_completed(futures)))
    results["named"] = pool.submit(dict, fn=1).result()

# Links. A browser has no os.link.
import pathlib
if hasattr(os, "link"):
    del os.link
from fakehub.browser import filesystem
filesystem.install()
source = folder / "chunk.tmp"
source.write_bytes(b"chunk")
os.link(source, folder / "chunk")
results["link"] = (folder / "chunk").read_text()
source.write_bytes(b"other")
results["again"] = error_of(os.link, source, folder / "chunk").partition(":")[0]
results["kept"] = (folder / "chunk").read_text()
results["no source"] = error_of(os.link, folder / "missing", folder / "target").partition(":")[0]
results["left behind"] = (folder / "target").exists()

# Packages that are not there.
from google.cloud import storage
import google_auth_oauthlib.flow as flow
from google.api_core.exceptions import NotFound, Forbidden
results["client"] = error_of(storage.Client, project="leap-pangeo")
results["attribute"] = error_of(flow.InstalledAppFlow.from_client_config, {})
try:
    raise KeyError("a")
except NotFound:
    results["except"] = "caught"
except KeyError:
    results["except"] = "passed on"
results["members"] = list(storage.Blob)
results["dunder"] = hasattr(storage, "__wrapped__")
results["other"] = error_of(__import__, "no_such_package")

class Wrapped(storage.Client):
    "Libraries derive classes when they are imported."

results["derived"] = error_of(Wrapped)

# IPython.
import IPython
from IPython.display import HTML, Image, Markdown, clear_output, display
results["html"] = HTML("<b>a</b>")._repr_mimebundle_()
results["image"] = Image(b"png")._repr_mimebundle_()
results["shell"] = type(get_ipython()).__name__
results["no shell"] = IPython.get_ipython()

# Codecs.
import numcodecs, google_crc32c
results["codecs"] = [numcodecs.Blosc.__module__, numcodecs.Zstd.__module__, google_crc32c.implementation]
import numcodecs.blosc
results["file"] = numcodecs.blosc.__spec__.origin.endswith("fakehub/browser/codecs/blosc.py")
results["lz4"] = error_of(numcodecs.LZ4().encode, b"a")
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """The results of the program."""
    return in_browser.run(PROGRAM, tmp_path_factory.mktemp("replaced"))


def test_a_thread_runs_when_it_is_started(found):
    assert found["thread"] == ["worked", False]
    assert found["timer"] == "timer"


def test_a_daemon_is_skipped(found):
    assert found["daemon"] == [1, False]


def test_an_error_in_a_thread_goes_to_its_hook_and_not_to_the_starter(found):
    assert found["failing start"] is None
    assert found["failing"] == ["ZeroDivisionError('division by zero')", False]


def test_a_thread_cannot_be_started_twice(found):
    assert found["started twice"] == "RuntimeError: threads can only be started once"


def test_an_executor_works_at_once(found):
    assert found["map"] == [0, 1, 4, 9, 16]
    assert found["futures"][0] == [3, 1]
    assert found["futures"][1].startswith("ZeroDivisionError")
    assert found["completed"] == 2
    assert found["named"] == {"fn": 1}


def test_a_link_is_a_copy_that_replaces_nothing(found):
    assert (found["link"], found["again"], found["kept"]) == ("chunk", "FileExistsError", "chunk")


def test_a_link_to_nothing_leaves_nothing(found):
    assert (found["no source"], found["left behind"]) == ("FileNotFoundError", False)


@pytest.mark.parametrize(
    ("case", "package"),
    [("client", "google.cloud"), ("derived", "google.cloud"), ("attribute", "google_auth_oauthlib")],
)
def test_an_absent_package_can_be_imported_and_says_so_when_it_is_used(found, case, package):
    assert found[case] == f"AbsentError: {package} does not run in a browser; run this cell on the hub"


def test_absent_names_are_classes_that_except_accepts(found):
    assert found["except"] == "passed on"
    assert found["dunder"] is False
    assert found["members"] == []


def test_other_packages_are_not_made_up(found):
    assert found["other"] == "ModuleNotFoundError: No module named 'no_such_package'"


def test_what_cells_use_of_ipython(found):
    assert found["html"] == {"text/html": "<b>a</b>"}
    assert found["image"] == {"image/png": "cG5n"}
    assert (found["shell"], found["no shell"]) == ("ZMQShell", None)


def test_compiled_modules_are_replaced_under_their_names(found):
    assert found["codecs"] == ["numcodecs.blosc", "numcodecs.zstd", "c"]
    assert found["file"]
    assert found["lz4"] == "RuntimeError: LZ4 does not run in a browser; use Zstd, or run this cell on the hub"
