"""Keep the programs of a page from writing outside the folders of its run, with Linux's Landlock.

A reader runs pages on a server where ``/tmp`` and the project's folders are shared with other work. See
https://docs.kernel.org/userspace-api/landlock.html for the system calls, which have no wrappers in the C library.
"""

from __future__ import annotations

import ctypes
import functools
import os
import sys
from collections.abc import Iterable
from pathlib import Path

# The numbers of the system calls, the same on every architecture.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION = 1
_BELOW = 1
_PR_SET_NO_NEW_PRIVS = 38
_WRITE_FILE = 1 << 1
# To remove and to make directories, files, sockets, pipes, devices and links.
_CHANGE_FOLDER = sum(1 << bit for bit in (4, 5, 6, 7, 8, 9, 10, 11, 12))
# To move a file to another folder; and to shorten one, since version 3.
_REFER = 1 << 13
_TRUNCATE = 1 << 14
# Devices, and the descriptions of processes, are not files that somebody would find later.
_ALWAYS = (Path("/dev"), Path("/proc"))


class _Ruleset(ctypes.Structure):
    _fields_ = (("handled", ctypes.c_uint64),)


class _Below(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


@functools.cache
def version() -> int:
    """Return the version of Landlock on this system; 0 if there is none that can be used.

    The first version refuses to move a file to another folder, even to one where the page may write.
    """
    if not sys.platform.startswith("linux"):
        return 0
    found: int = ctypes.CDLL(None).syscall(_CREATE_RULESET, None, 0, _VERSION)
    return found if found > 1 else 0


def confine(folders: Iterable[Path]) -> None:
    """Keep this process, and those that it starts, from writing anywhere but below ``folders``; this cannot be undone.

    Does nothing on a system without Landlock. Call it while the process has one thread.
    """
    if not version():
        return
    rights = _WRITE_FILE | _CHANGE_FOLDER | _REFER | (_TRUNCATE if version() > 2 else 0)
    ruleset = _Ruleset(rights)
    rules = _call(_CREATE_RULESET, ctypes.byref(ruleset), ctypes.sizeof(ruleset), 0)
    try:
        for path in (*_ALWAYS, *folders):
            folder = os.open(path, os.O_PATH | os.O_CLOEXEC)
            try:
                _call(_ADD_RULE, rules, _BELOW, ctypes.byref(_Below(rights, folder)), 0)
            finally:
                os.close(folder)
        ctypes.CDLL(None).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        _call(_RESTRICT_SELF, rules, 0)
    finally:
        os.close(rules)


def _call(number: int, *arguments: object) -> int:
    """Make a system call; raise ``OSError`` if it fails."""
    result: int = ctypes.CDLL(None, use_errno=True).syscall(number, *arguments)
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result
