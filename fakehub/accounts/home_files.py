"""The credential files in the home directory of a persona's machine."""

from __future__ import annotations

import json
from pathlib import Path

from fakehub.accounts.grants import DEFAULT_CLIENT, DEFAULT_SCOPES, Grant, Grants
from fakehub.accounts.identities import Identities
from fakehub.accounts.personas import ACCESS_KEY, KEY_FILE, SECRET_KEY, Persona

TOKEN_FILE = "token.txt"
USER_FILE = ".config/gcloud/application_default_credentials.json"
OSN_FILE = ".aws/credentials"


def write_credentials(persona: Persona, home: Path, identities: Identities, grants: Grants) -> None:
    """Write the credentials of ``persona`` into its ``home``, readable only by the owner.

    A laptop gets a token that was copied from the hub, an HPC system gets the file that
    ``gcloud auth application-default login`` writes, and a service account gets its key file. The key to the Open
    Storage Network is in the file that all S3 clients read, as the profile ``osn``.
    """
    if persona.osn_key:
        _write(home / OSN_FILE, f"[osn]\naws_access_key_id = {ACCESS_KEY}\naws_secret_access_key = {SECRET_KEY}\n")
    if persona.credential == "token":
        _write(home / TOKEN_FILE, identities.new_token(persona, persona.scopes)[0] + "\n")
    elif persona.credential == "user":
        grant = Grant(persona, DEFAULT_CLIENT, DEFAULT_SCOPES)
        login = {"account": "", "client_id": DEFAULT_CLIENT, "client_secret": "of-an-installed-program"}
        login |= {"refresh_token": grants.refresh_token(grant), "type": "authorized_user"}
        _write(home / USER_FILE, json.dumps(login | {"universe_domain": "googleapis.com"}, indent=2))
    elif persona.credential == "key":
        _write(home / KEY_FILE, json.dumps(_key_file(persona, identities), indent=2) + "\n")


def _key_file(persona: Persona, identities: Identities) -> dict[str, str]:
    key = identities.keys.account(persona.email)
    if key is None:
        raise ValueError(f"{persona.name} is not a service account")
    certificates = "https://www.googleapis.com"
    return {
        "type": "service_account",
        "project_id": persona.project,
        "private_key_id": key.id,
        "private_key": key.private_pem,
        "client_email": key.owner,
        "client_id": persona.subject,
        "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "token_uri": "https://oauth2.googleapis.com/token",
        "auth_provider_x509_cert_url": f"{certificates}/oauth2/v1/certs",
        "client_x509_cert_url": f"{certificates}/robot/v1/metadata/x509/{key.owner}".replace("@", "%40"),
        "universe_domain": "googleapis.com",
    }


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.write_text(text, encoding="utf-8")
