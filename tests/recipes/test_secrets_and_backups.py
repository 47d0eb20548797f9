"""Recipes of the pages on help, backups and SSH: what they remove, keep and pass on."""

import os
import shutil
import subprocess

import pytest

from guide.pages.reader import read_page

HELP = "book/help/get-help.md"
BACKUPS = "book/buckets/backups.md"
SSH = "book/hub/vs-code.md"
SECRETS = {
    "token of Google": "ya29.c.c0ASRK0GbEXAMPLE-x_y",
    "token of GitHub": "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "fine-grained token of GitHub": "github_pat_11ABCDEFG0aBcDeFgHiJkL_mNoPqRsTuVwXyZ",
    "token of Hugging Face": "hf_AbCdEfGhIjKlMnOpQrStUvWxYz",
    "token of Earthdata": "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJ1aWQiOiJmdW5reSJ9.c2lnbmF0dXJl",
    "key of CDS": "1b3f6a90-52de-4c1e-9d0a-7c4e8f2a6b15",
}
IN_TEXTS = {
    "address": "https://data.example.org/a.nc?x=1&token=3f9c2a7e&y=2",
    "header": "{'Authorization': 'Bearer 3f9c2a7e51b84d06'}",
    "JupyterHub's header": "Authorization: token 3f9c2a7e51b84d06",
    "argument": "Client(password='3f9c2a7e')",
    "dictionary": '{"api_key": "3f9c2a7e"}',
    "signed address": "https://storage.googleapis.com/b/o?X-Goog-Signature=3f9c2a7e51b84d06",
}


def last_error(printed, message):
    program = f"""
        sys.last_value = ValueError({message!r})
        print(last_error().strip())
        """
    return printed(HELP, ("SECRETS", "last_error"), program)[-1]


@pytest.mark.parametrize("kind", SECRETS)
def test_a_known_kind_of_key_is_removed_wherever_it_is(printed, kind):
    assert last_error(printed, f"cannot use {SECRETS[kind]} here") == "ValueError: cannot use [removed] here"


@pytest.mark.parametrize("place", IN_TEXTS)
def test_a_value_with_the_name_of_a_secret_is_removed(printed, place):
    line = last_error(printed, IN_TEXTS[place])

    assert "3f9c2a7e" not in line and "[removed]" in line
    assert place != "address" or line.endswith("a.nc?x=1&[removed]&y=2")


@pytest.mark.parametrize(
    "message",
    [
        "No variable named 'sst'. Variables on the dataset include ['key', 'token_count']",
        "gs://leap-scratch/funky-user/secretariat-2019.zarr/sst/c/0/0",
        "does not have storage.objects.get access (project 12345678-prod)",
        "unknown token '&' in line 3",
    ],
)
def test_messages_without_a_secret_stay_as_they_are(printed, message):
    assert last_error(printed, message) == f"ValueError: {message}"


def test_a_backup_has_everything_but_keys_in_all_folders(printed):
    program = """
        source = Path("project")
        for name in ("a.py", "data/b.csv", ".env", "data/.env", ".ssh/id", "data/environment.env"):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_text(name)
        os.symlink("a.py", source / "link.py")
        path = back_up(source, folder)
        with fs.open(path) as file, tarfile.open(fileobj=file, mode="r:gz") as archive:
            archive.extractall("restored", filter="data")
        print(differences(source, Path("restored/project")))
        print(os.readlink("restored/project/link.py"))
        try:
            back_up(source, folder)
        except FileExistsError as error:
            print("kept", error.args == (path,))
        """
    names = ("PRIVATE", "without_keys", "back_up", "differences", "fs")
    assert printed(BACKUPS, names, program) == ["['.env', '.ssh/id', 'data/.env']", "a.py", "kept True"]


def test_a_changed_file_of_equal_size_and_time_is_a_difference(printed):
    program = """
        for folder, text in (("a", "1"), ("b", "2")):
            os.makedirs(folder)
            Path(folder, "x").write_text(text)
            os.utime(Path(folder, "x"), (0, 0))
        print(differences(Path("a"), Path("b")), differences(Path("a"), Path("a")))
        """
    assert printed(BACKUPS, ("differences",), program) == ["['x'] []"]


@pytest.mark.skipif(shutil.which("ssh") is None, reason="needs ssh")
@pytest.mark.parametrize("shell", ["/bin/sh", "/bin/bash"])
def test_ssh_passes_the_token_from_its_file_and_the_address_of_the_server(root, tmp_path, shell):
    """With a program instead of websocat, which writes down its arguments."""
    home = tmp_path / "home"
    settings = home / ".ssh"
    settings.mkdir(parents=True)
    for block in read_page(root / SSH, root).blocks:
        if block.kind == "run" and block.on == ("laptop",) and block.language == "bash":
            subprocess.run(["bash", "-ec", block.source], env=os.environ | {"HOME": str(home)}, check=True)
    (settings / "hub-token").write_text("3f9c2a7e51b84d06\n")
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "websocat").write_text('#!/bin/sh\nprintf "%s\\n" "$@" > "$HOME/arguments"\n')
    (programs / "websocat").chmod(0o755)
    env = os.environ | {"HOME": str(home), "PATH": f"{programs}:{os.environ['PATH']}", "SHELL": shell}

    config = str(settings / "config")
    done = subprocess.run(["ssh", "-F", config, "hub"], env=env, capture_output=True, text=True, timeout=60)

    assert (home / "arguments").read_text().splitlines() == [
        "--binary",
        "-H=Authorization: token 3f9c2a7e51b84d06",
        "stdio:",
        "wss://leap.2i2c.cloud/user/funky-user/sshd/",
    ]
    assert "UNKNOWN port 65535" in done.stderr
    assert "UNKNOWN port 65535" in (root / SSH).read_text()


def test_the_page_names_the_permission_that_the_hub_is_tested_with(root):
    tests = (root / "tests/fakehub/hub/test_tokens.py").read_text()

    assert 'PERMISSION = "access:servers!user"' in tests
    assert "**Permissions**, enter `access:servers!user`." in (root / SSH).read_text()
