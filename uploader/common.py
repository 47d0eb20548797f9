"""Errors that are reported in one line, and what every part uses."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

# The key, in the custom metadata of a store's root, of the digest that identifies the upload.
MARK = "made-from"
AGAIN = "run the same command again"


class UploadError(Exception):
    """Why the upload cannot begin or continue, in one line."""


class VerificationError(UploadError):
    """How the store differs from what was sent, in one line."""


class TransientError(Exception):
    """A request that failed in a way that may pass; ``after`` is the number of seconds the server asks to wait."""

    def __init__(self, reason: str, after: float = 0.0) -> None:
        super().__init__(reason)
        self.after = after


def refusal(path: str, variable: str, problem: str, remedy: str) -> UploadError:
    """Return the error for a source that cannot be copied, in the form FILE: VARIABLE: PROBLEM: REMEDY."""
    parts = [part for part in (path, variable, problem, remedy) if part]
    return UploadError(": ".join(" ".join(part.split("\n")) for part in parts))


def report(line: str) -> None:
    """Print a line. A full disk behind stdout must not stop the upload."""
    with contextlib.suppress(OSError):
        print(line, flush=True)


def first_line(error: BaseException) -> str:
    """Return the first line of an exception's message."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def is_remote(path: str) -> bool:
    """Whether a path is the address of an object in a bucket."""
    return path.startswith("gs://")


@contextlib.contextmanager
def reading(path: str, variable: str = "") -> Iterator[None]:
    """Turn what libraries raise for a file that cannot be read into one line."""
    try:
        yield
    except (UploadError, MemoryError):
        raise
    except FileNotFoundError:
        raise refusal(path, variable, "there is no such file", "check its name") from None
    except PermissionError:
        raise refusal(path, variable, "you may not read it", "check its permissions") from None
    except UnicodeDecodeError:
        raise refusal(path, variable, "contains text that is not UTF-8", "rewrite it") from None
    except Exception as error:  # damaged files make libraries raise all kinds of exceptions
        problem = first_line(error)
        if "truncated file" in problem:
            raise refusal(path, variable, "is truncated", "copy it again") from None
        raise refusal(path, variable, f"cannot be read ({problem})", "copy it again, or leave it out") from None


def megabytes(size: float) -> str:
    """Return a size for people."""
    return f"{size / 1e6:.1f} MB"
