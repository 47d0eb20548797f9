"""gcloud itself, through its prompts: logins with and without a browser, tokens, revocation and storage."""

import shutil

import pytest

pytestmark = pytest.mark.skipif(shutil.which("gcloud") is None, reason="gcloud is not on this machine")

# Runs gcloud inside the session: ``gcloud(*arguments)`` until it ends, ``started(...)`` until it prints a line.
DRIVER = r'''
import html, os, re, subprocess, sys
from pathlib import Path

def gcloud(*arguments, home=None, text=None, **env):
    env = os.environ | env | ({"HOME": home} if home else {})
    ran = subprocess.run(["gcloud", *arguments], input=text, capture_output=True, text=True, env=env, timeout=60)
    return ran.returncode, ran.stdout, ran.stderr

def started(pattern, *arguments, home=None):
    """Start gcloud, read its output up to a line that matches ``pattern``, and return the process and the match."""
    env = os.environ | ({"HOME": home} if home else {})
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    process = subprocess.Popen(["gcloud", *arguments], text=True, env=env, **pipes)
    for line in process.stderr:
        if match := re.search(pattern, line):
            return process, match.group(1)
    sys.exit(f"gcloud ended with {process.wait()} before {pattern}")

def finished(process, answer):
    """Type ``answer`` at gcloud's prompt, wait, and return the exit status and the standard error."""
    _, stderr = process.communicate(answer + "\n", timeout=60)
    return process.returncode, stderr

def code(url, decision="allow"):
    """Return the code on the page that the user sees after clicking Allow."""
    command = ["curl", "-s", "-L", "-d", f"decision={decision}", url]
    page = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return html.unescape(re.search(r'<code id="code">([^<]+)', page).group(1))

def log_in(*command):
    process, url = started(r"(https://accounts\.google\.com\S+)", *command, "--no-launch-browser")
    return finished(process, code(url))

# A browser that clicks Allow and follows the redirect.
browser = Path.home() / "browser.py"
browser.write_text("""
import requests, sys
assert "Allow" in requests.get(sys.argv[1]).text
requests.post(sys.argv[1], data={"decision": "allow"})
""")
DESKTOP = {"DISPLAY": ":0", "BROWSER": f"{sys.executable} {browser} %s &"}
'''


@pytest.fixture
def session(fakehub):
    """Return a function that runs a script after the driver in a persona's session and returns its output lines."""

    def call(script: str, persona: str = "anonymous", mode: str = "auto") -> list[str]:
        ran = fakehub("--mode", mode, "--persona", persona, "--", "python", "-W", "ignore", "-c", DRIVER + script)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout.splitlines()

    return call


def test_a_login_without_a_browser_opens_the_persons_buckets(session, mode):
    lines = session(
        """
status, text = log_in("auth", "login")
print(status, "You are now logged in as [funky-user@example.com]." in text)
print(gcloud("auth", "print-access-token")[1].startswith("ya29."))
os.chdir(Path.home())
Path("note.txt").write_text("hello")
print(gcloud("storage", "cp", "note.txt", "gs://leap-persistent/funky-user/note.txt")[0])
print(gcloud("storage", "cat", "gs://leap-persistent/funky-user/note.txt")[1])
status, _, text = gcloud("storage", "ls", "gs://leap-scratch/")
print(status, "funky-user@example.com does not have storage.objects.list access" in text)
""",
        mode=mode,
    )

    assert lines == ["0 True", "True", "0", "hello", "1 True"]


def test_application_default_login_serves_the_libraries(session, mode):
    lines = session(
        """
status, text = log_in("auth", "application-default", "login")
print(status, "Credentials saved to file" in text)
print(gcloud("auth", "application-default", "print-access-token")[1].startswith("ya29."))
import gcsfs
fs = gcsfs.GCSFileSystem()
fs.pipe("gs://leap-persistent-ro/funky-user/a", b"data")
print(fs.cat("gs://leap-persistent-ro/funky-user/a").decode())
print(gcloud("auth", "application-default", "revoke", "--quiet")[0])
print(gcloud("auth", "application-default", "print-access-token")[0])
""",
        mode=mode,
    )

    assert lines == ["0 True", "True", "data", "0", "1"]


@pytest.mark.parametrize("command", ["auth login", "auth application-default login"])
def test_a_machine_without_a_browser_borrows_that_of_another(session, command):
    lines = session(
        f"""
command, far = {command.split()!r}, str(Path.home() / "far")
Path(far).mkdir()
process, url = started(r'--remote-bootstrap="([^"]+)"', *command, "--no-browser", home=far)
status, out, err = gcloud(*command, f"--remote-bootstrap={{url}}", text="y\\n", **DESKTOP)
print(status)
answer = re.search(r"https://localhost:\\S+", out + err).group()
print(finished(process, answer)[0])
token = [*command[:-1], "print-access-token"]
print(gcloud(*token, home=far)[1].startswith("ya29."), gcloud(*token)[0])
"""
    )

    assert lines == ["0", "0", "True 1"]


@pytest.mark.parametrize("command", ["auth login", "auth application-default login"])
def test_a_login_with_a_browser(session, command):
    lines = session(f"print(gcloud(*{command.split()!r}, **DESKTOP)[0])")

    assert lines == ["0"]


def test_the_older_command_without_the_cloud_platforms_scope_is_refused(session):
    scopes = "https://www.googleapis.com/auth/devstorage.read_write,https://www.googleapis.com/auth/iam.test"
    lines = session(
        f"""
status, _, text = gcloud("auth", "application-default", "login", "--no-launch-browser", "--scopes={scopes}")
print(status, "cloud-platform scope is required but not requested" in text)
"""
    )

    assert lines == ["1 True"]


def test_a_revoked_token_is_invalid(session):
    lines = session(
        """
log_in("auth", "login")
token = gcloud("auth", "print-access-token")[1].strip()
def status():
    url = "https://storage.googleapis.com/storage/v1/b/leap-persistent/o"
    command = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", f"Authorization: Bearer {token}", url]
    return subprocess.run(command, capture_output=True, text=True).stdout
print(status(), gcloud("auth", "revoke")[0], status(), gcloud("auth", "print-access-token")[0])
"""
    )

    assert lines == ["200 0 401 1"]


def test_on_the_hub_gcloud_has_the_hubs_account(session):
    lines = session(
        """
print("hub-user@leap-pangeo.iam.gserviceaccount.com" in gcloud("auth", "list")[1])
print(gcloud("auth", "print-access-token")[1].startswith("ya29."))
print(gcloud("auth", "print-identity-token", "--audiences=https://example.org")[1].count("."))
print(gcloud("config", "get", "project")[1].strip())
""",
        persona="hub",
    )

    assert lines == ["True", "True", "2", "leap-pangeo"]


def test_a_key_file_activates_the_service_account(session):
    lines = session(
        """
key = os.environ["GOOGLE_APPLICATION_CREDENTIALS"]
print(gcloud("auth", "activate-service-account", f"--key-file={key}")[0])
print(gcloud("storage", "ls", "gs://leap-persistent/")[0], gcloud("storage", "ls", "gs://leap-scratch/")[0])
""",
        persona="service-account",
    )

    assert lines == ["0", "0 1"]
