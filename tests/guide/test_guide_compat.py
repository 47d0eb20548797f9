"""Each workaround of ``guide.compat`` still has the effect that it is for, with the libraries that are installed."""

import os
import subprocess
import sys

from guide import compat


def run_python(code, **env):
    """Run ``code`` in a new process; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_warning_filters_of_the_environment_are_applied():
    code = """
import os, warnings
from guide import compat
os.environ["PYTHONWARNINGS"] = "ignore:about chunks:UserWarning,error::FutureWarning"
compat.apply_warning_filters()
warnings.warn("about chunks", UserWarning)
try:
    warnings.warn("soon", FutureWarning)
except FutureWarning:
    print("raised")
"""

    assert run_python(code, PYTHONWARNINGS="default") == "raised\n"


def test_filters_that_are_added_while_warnings_are_ignored_are_kept():
    code = """
import warnings
from guide import compat
before = list(warnings.filters)
with compat.warnings_ignored():
    warnings.warn("not shown", UserWarning)
    warnings.filterwarnings("error", "by a library")
print(len(warnings.filters) - len(before), warnings.filters[0][0])
"""

    assert run_python(code, PYTHONWARNINGS="error") == "1 error\n"


def test_certificates_are_read_again(tmp_path):
    """aiohttp trusts an authority that ``SSL_CERT_FILE`` names only after aiohttp was imported."""
    code = """
import os, sys
import aiohttp, trustme
from guide import compat
authority = trustme.CA()
authority.cert_pem.write_to_path(sys.argv[1])
os.environ["SSL_CERT_FILE"] = sys.argv[1]
serial = lambda: {c["serialNumber"] for c in aiohttp.connector._SSL_CONTEXT_VERIFIED.get_ca_certs()}
before = serial()
compat.reload_certificates()
print(len(before), len(serial()))
assert aiohttp.TCPConnector._get_ssl_context  # the connector still asks for the context by this method
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "ca.pem")], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    before, after = map(int, done.stdout.split())
    assert after == 1 and before != 1


def test_the_address_of_the_metadata_server_is_read_again():
    code = """
import os
from google.auth.compute_engine import _metadata
from guide import compat
os.environ["GCE_METADATA_IP"] = os.environ["GCE_METADATA_HOST"] = "127.0.0.9:99"
compat.reload_metadata_address()
print(_metadata._METADATA_ROOT, _metadata._METADATA_IP_ROOT)
"""

    assert run_python(code) == "http://127.0.0.9:99/computeMetadata/v1/ http://127.0.0.9:99\n"


def test_libraries_that_are_not_imported_stay_so(monkeypatch):
    for name in ("aiohttp.connector", "google.auth.compute_engine._metadata"):
        monkeypatch.delitem(sys.modules, name, raising=False)

    compat.reload_certificates()
    compat.reload_metadata_address()

    assert "aiohttp.connector" not in sys.modules
    assert "google.auth.compute_engine._metadata" not in sys.modules
