"""A disk that is full at an awkward moment: nothing that was received or recorded is lost."""

import os
import sqlite3

import pytest

from fakehub.clock import Clock
from fakehub.errors import GoogleError
from fakehub.storage import held as held_module
from fakehub.storage import state as state_module
from fakehub.storage import stored as stored_module
from fakehub.storage.held import Held
from fakehub.storage.state import State
from fakehub.storage.store import Store
from fakehub.storage.stored import Files, NewObject
from hubfacts.schema import Bucket

KIB = 1024


def full(*_):
    raise OSError(28, "No space left on device")


def test_bytes_in_memory_stay_there_if_the_file_cannot_be_written(tmp_path, monkeypatch):
    first, second = os.urandom(768 * KIB), os.urandom(768 * KIB)
    held = Held(tmp_path / "held")
    held.write(0, first)

    with monkeypatch.context() as patched, pytest.raises(GoogleError) as error:
        patched.setattr(held_module, "write_all", full)
        held.write(len(first), second)

    assert error.value.status == 507
    assert held.size == len(first) and not (tmp_path / "held").exists()
    held.write(len(first), second)
    assert held.content() == first + second
    held.discard()


class WithoutVacuum:
    """A database on a disk that has no room to return pages."""

    def __init__(self, database):
        self._database = database

    def execute(self, statement, *arguments):
        if "incremental_vacuum" in statement:
            raise sqlite3.OperationalError("database or disk is full")
        return self._database.execute(statement, *arguments)

    def __getattr__(self, name):
        return getattr(self._database, name)


def test_a_change_that_was_recorded_succeeds_whatever_happens_to_unused_pages(tmp_path, monkeypatch):
    monkeypatch.setattr(state_module, "_CHANGES", 1)
    store = Store({"bucket": Bucket()}, Clock(), tmp_path / "spill", tmp_path / "state")
    store._state._database = WithoutVacuum(store._state._database)

    store.put("bucket", NewObject("a", b"one", {}))
    store.put("bucket", NewObject("a", b"two", {}))

    assert store.get("bucket", "a").read() == b"two"
    store.close()


def test_a_file_is_given_back_if_its_folder_cannot_be_synchronized(tmp_path, monkeypatch):
    files = Files(tmp_path / "data", durable=True)
    (tmp_path / "upload").write_bytes(b"the only copy")
    monkeypatch.setattr(stored_module, "sync_folder", full)

    with pytest.raises(GoogleError):
        files.add(1, tmp_path / "upload")
    with pytest.raises(GoogleError):
        files.add(2, b"bytes")

    assert (tmp_path / "upload").read_bytes() == b"the only copy"
    assert list((tmp_path / "data").iterdir()) == []


def test_an_object_that_could_not_be_recorded_gives_its_file_back(tmp_path, monkeypatch):
    store = Store({"bucket": Bucket()}, Clock(), tmp_path / "spill", tmp_path / "state")
    monkeypatch.setattr(State, "put", full)

    with pytest.raises(OSError, match="No space left"):
        store.put("bucket", NewObject("a", bytes(100 * KIB), {}))

    assert list((tmp_path / "state/data").iterdir()) == []
    store.close()
