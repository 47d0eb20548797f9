"""The login page: what it shows, what it refuses, and a user who clicks in a browser."""

import html
import http.server
import threading

import pytest
import requests
from accounts_client import (
    AUTH,
    CLOUD_PLATFORM,
    GCSFS_CLIENT,
    answer_of,
    code_on,
    decide,
    login_url,
    redeem,
)

pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
CODE_PAGE = "https://sdk.cloud.google.com/applicationdefaultauthcode.html"
BLOCKED = "Access blocked: Authorization Error"


def page(server, method="GET", **changes):
    host = {"Host": "accounts.google.com"}
    return server.call(method, login_url(**changes), token=None, headers=host, allow_redirects=False)


def test_the_page_names_program_account_and_scopes(server):
    shown = page(server)

    assert shown.status_code == 200
    for words in ("Google Auth Library wants to access", "funky-user@example.com", CLOUD_PLATFORM):
        assert words in shown.text


def test_allow_sends_the_browser_on_with_a_code(server):
    answer = answer_of(decide(server, "allow"))

    assert answer["state"] == "s1"
    assert set(answer["scope"].split()) == {"openid", f"{AUTH}userinfo.email", CLOUD_PLATFORM}
    assert redeem(server, answer["code"]).status_code == 200


def test_deny_sends_the_browser_on_without_one(server):
    assert answer_of(decide(server, "deny")) == {"state": "s1", "error": "access_denied"}


def test_without_a_server_of_its_own_gcloud_ends_on_a_page_with_the_code(server):
    sent = decide(server, redirect_uri=CODE_PAGE).headers["Location"]
    path = sent.removeprefix("https://sdk.cloud.google.com")

    shown = server.call("GET", path, token=None, headers={"Host": "sdk.cloud.google.com"})

    assert redeem(server, html.unescape(code_on(shown.text)), redirect_uri=CODE_PAGE).status_code == 200


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"scope": f"{AUTH}devstorage.read_write {AUTH}iam.test"}, 400, "scope is required but not requested"),
        ({"scope": f"{CLOUD_PLATFORM} {AUTH}drive"}, 400, "tried to access sensitive info"),
        ({"scope": f"{CLOUD_PLATFORM} nonsense"}, 400, "Some requested scopes were invalid."),
        ({"scope": b"\xff"}, 400, "Some requested scopes were invalid."),
        ({"scope": " "}, 400, "Some requested scopes were invalid."),
        ({"redirect_uri": "urn:ietf:wg:oauth:2.0:oob"}, 400, "The out-of-band (OOB) flow has been blocked"),
        ({"redirect_uri": "https://example.org/"}, 400, "redirect_uri_mismatch"),
        ({"redirect_uri": "http://localhost:80/\r\nX-Evil: 1"}, 400, "redirect_uri_mismatch"),
        ({"redirect_uri": "http://localhost.example.org/"}, 400, "redirect_uri_mismatch"),
        ({"client_id": GCSFS_CLIENT, "redirect_uri": CODE_PAGE}, 400, "redirect_uri_mismatch"),
        ({"client_id": "<script>"}, 401, "The OAuth client was not found."),
        ({"client_id": None}, 400, "Missing required parameter: client_id"),
        ({"redirect_uri": None}, 400, "Missing required parameter: redirect_uri"),
        ({"response_type": None}, 400, "Missing required parameter: response_type"),
        ({"response_type": "<b>token"}, 400, "Invalid response_type: &lt;b&gt;token"),
        ({"code_challenge": "x", "code_challenge_method": "rot13"}, 400, "Invalid code_challenge_method"),
    ],
)
def test_a_request_that_google_blocks_is_refused(server, method, changes, status, words):
    shown = page(server, method, **changes)

    assert shown.status_code == status
    assert BLOCKED in shown.text
    assert words in shown.text
    assert "<script>" not in shown.text


def test_another_program_may_ask_for_storage_alone(server):
    scope = f"{AUTH}devstorage.full_control"

    code = answer_of(decide(server, client_id=GCSFS_CLIENT, scope=scope))["code"]

    assert redeem(server, code, client_id=GCSFS_CLIENT).json()["scope"] == scope


def test_a_form_without_a_decision_is_refused(server):
    shown = page(server, "POST")

    assert shown.status_code == 400
    assert "Missing required parameter: decision" in shown.text


@pytest.fixture
def waiting():
    """The small server of a program, to which the browser is redirected: its address and the requested paths."""
    paths = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            paths.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"You may close this window.")

        def log_message(self, *_):
            pass

    program = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=program.serve_forever, daemon=True).start()
    yield f"http://localhost:{program.server_port}/", paths
    program.shutdown()
    program.server_close()


@pytest.mark.parametrize(("button", "word"), [("Allow", "code="), ("Deny", "error=access_denied")])
def test_a_user_clicks_in_a_browser(server, waiting, button, word):
    sync_api = pytest.importorskip("playwright.sync_api")
    address, paths = waiting
    with sync_api.sync_playwright() as play:
        hosts = f"--host-resolver-rules=MAP accounts.google.com 127.0.0.1:{server.ports['tls']}"
        options = ["--no-sandbox", hosts]
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=options)
        try:
            shown = browser.new_page(ignore_https_errors=True)
            shown.goto(f"https://accounts.google.com{login_url(redirect_uri=address)}")
            shown.get_by_role("button", name=button).click()
            shown.wait_for_url(f"{address}**")
        finally:
            browser.close()

    assert word in paths[0]


def test_the_outsider_logs_in_as_themselves(tmp_path, start_server):
    server = start_server(tmp_path / "server", persona="hpc-outsider")
    try:
        assert "outside-user@example.com" in page(server).text
    finally:
        server.process.terminate()
        server.process.wait()


def test_the_configuration_names_addresses_that_answer(server):
    path, host = "/.well-known/openid-configuration", {"Host": "accounts.google.com"}
    configuration = server.call("GET", path, token=None, headers=host).json()

    addresses = [value for name, value in configuration.items() if name.endswith(("_endpoint", "_uri"))]
    for address in addresses:
        url = requests.utils.urlparse(address)
        answer = server.call("GET", url.path, token=None, headers={"Host": url.hostname})
        assert answer.status_code != 404, address
