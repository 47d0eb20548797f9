"""Pytest plugin for other projects: ``pytest --fakehub`` runs the tests inside a stand-in; fixtures provide one.

Clients read their settings when they are imported. With the option, the environment refers to the stand-in before any
test module is imported; with only ``fakehub_session``, tests start programs with its ``environment``. The fixture
``fakehub_server`` is storage over plain HTTP, at an address that tests pass to their clients.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator

import pytest

from fakehub.session.serve import Server
from fakehub.session.session import Session, SessionError, SessionOptions, start_session
from hubfacts.load import FactsError, load
from hubfacts.location import default_path

_RUNNING = pytest.StashKey[Session]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option ``--fakehub``."""
    parser.addoption("--fakehub", action="store_true", help="run the tests inside a stand-in of the hub")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Start the stand-in before the project's modules are imported, if the option is set."""
    if not early_config.known_args_namespace.fakehub:
        return
    parts = contextlib.ExitStack()
    early_config.add_cleanup(parts.close)
    running = early_config.stash[_RUNNING] = parts.enter_context(_session())
    before = dict(os.environ)
    parts.callback(_set_environment, before)
    _set_environment(running.environment)
    if "fsspec" in sys.modules:  # imported by another plugin: it has read the old settings
        from fsspec.config import conf, set_conf_env

        set_conf_env(conf)


def _set_environment(variables: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(variables)


@contextlib.contextmanager
def _session() -> Iterator[Session]:
    hub_yml = default_path().resolve()
    try:
        with start_session(SessionOptions(load(hub_yml), hub_yml)) as running:
            yield running
    except (FactsError, SessionError) as error:
        raise pytest.UsageError(str(error)) from error


@pytest.fixture(scope="session")
def fakehub_session(pytestconfig: pytest.Config) -> Iterator[Session]:
    """A stand-in that runs until the tests end, with the facts of ``$FAKEHUB_HUB_YML`` or of ``hub.yml``.

    Start programs with its ``environment``; control it with ``fakehub.control.client.Control(fakehub_session.folder)``.
    """
    running = pytestconfig.stash.get(_RUNNING, None)
    if running:
        yield running
        return
    with _session() as running:
        yield running


@pytest.fixture(scope="session")
def fakehub_server() -> Iterator[Server]:
    """Cloud Storage over plain HTTP until the tests end, in a project without buckets (see ``fakehub.Server``)."""
    with Server() as running:
        yield running
