"""Let the workers of a Dask cluster transfer chunks."""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Iterator
from typing import Any

from uploader.common import UploadError, is_remote
from uploader.headers import Header, read_header
from uploader.layout import Chunk, Encoder, Layout
from uploader.open_files import OpenFiles
from uploader.stored import Stored
from uploader.upload import Result, Settings, Target, Todo, transfer

_on_worker: dict[str, tuple[Encoder, Target]] = {}
_on_worker_lock = threading.Lock()


def transfer_on_worker(layout: Layout, settings: Settings, chunk: Chunk, existing: Stored | None) -> Result:
    """Transfer a chunk in a Dask worker, which logs in on its own."""
    with _on_worker_lock:
        key = layout.made_from + settings.url
        if key not in _on_worker:
            _on_worker[key] = Encoder(layout, OpenFiles(), os.cpu_count() or 1), settings.target()
    return transfer(*_on_worker[key], chunk, existing)


def read_headers_on_workers(client: Any, _function: object, paths: list[str], *arguments: Any) -> Iterator[Header]:
    """Read headers in the workers of a Dask cluster, in the order of the paths."""
    read = functools.partial(read_header_on_worker, arguments=arguments)
    for future in client.map(read, paths, pure=False):
        yield future.result()


def read_header_on_worker(path: str, arguments: tuple[Any, ...]) -> Header:
    """Read a header in a Dask worker."""
    return read_header(OpenFiles(), path, *arguments)


def run_on_workers(client: Any, layout: Layout, settings: Settings, todo: Todo) -> Iterator[Result]:
    """Transfer chunks in the workers of a Dask cluster, and yield each result when it is there."""
    import dask.distributed

    shared = client.scatter(layout, broadcast=True)
    futures = [client.submit(transfer_on_worker, shared, settings, *task, pure=False) for task in todo]
    try:
        for future in dask.distributed.as_completed(futures):
            yield future.result()
    finally:
        client.cancel(futures)


def check_workers(client: Any, paths: list[str], url: str) -> None:
    """Raise ``UploadError`` unless all workers of a Dask cluster see the files, and a target on a disk."""
    local = [
        path for path in (paths[0], *([os.path.dirname(url)] if not is_remote(url) else [])) if not is_remote(path)
    ]
    for path in local:
        if not all(client.run(os.path.exists, os.path.abspath(path)).values()):
            raise UploadError(f"{path}: the Dask workers do not see it: use files and a target in a bucket (gs://)")
