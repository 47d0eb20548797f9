"""Send the chunks that are missing, and verify the store."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from uploader.bucket import Bucket
from uploader.common import AGAIN, MARK, UploadError, VerificationError, is_remote, megabytes, report
from uploader.folder import Folder
from uploader.layout import Chunk, Encoder, Layout
from uploader.manifest import Manifest
from uploader.open_files import OpenFiles
from uploader.stored import Stored, md5

Target = Bucket | Folder


@dataclass(frozen=True)
class Settings:
    """How to reach the target; what a Dask worker needs to know as well."""

    url: str
    manifest: Path
    token_file: Path | None = None
    timeout: float = 120
    patience: float = 900

    def target(self) -> Target:
        """Return the target."""
        if is_remote(self.url):
            return Bucket(self.url, self.token_file, self.timeout, self.patience)
        return Folder(self.url, self.manifest)


@dataclass(frozen=True)
class Result:
    """A chunk that is in the target: its checksum, its size, and whether it was sent now."""

    chunk: Chunk
    md5: str
    size: int
    was_sent: bool


# Chunks, each with what the target has under its name; and what transfers them and yields a result when one is there.
Todo = list[tuple[Chunk, Stored | None]]
Runner = Callable[[Todo], Iterator[Result]]


def transfer(encoder: Encoder, target: Target, chunk: Chunk, existing: Stored | None) -> Result:
    """Encode a chunk, and send it unless the target has the same object. Replace only what this upload sent."""
    data = encoder.encode(chunk)
    digest = md5(data)
    if existing and existing.md5 != digest and not existing.is_noted:
        raise changed_elsewhere(target.url, [chunk.name])
    was_sent = (existing is None or existing.md5 != digest) and target.put(chunk.name, data, existing, {})
    return Result(chunk, digest, len(data), was_sent)


def changed_elsewhere(url: str, names: list[str]) -> UploadError:
    """Return the error for objects that another program wrote, perhaps to correct them."""
    problem = f"{len(names)} objects were changed by another program, such as {min(names)}, and were not overwritten"
    return UploadError(f"{url}: {problem}: to restore the values of the files, delete them and {AGAIN}")


class Upload:
    """A store on its way into a target."""

    def __init__(self, layout: Layout, target: Target, chunks: list[Chunk]) -> None:
        self.layout, self.target, self.chunks = layout, target, chunks
        self.existing = target.list()

    def check_target(self) -> None:
        """Raise ``UploadError`` unless the target is empty or holds the beginning of this very upload."""
        url, root = self.target.url, self.existing.get("zarr.json")
        other = "choose another name"
        if self.existing and root is None:
            raise UploadError(f"{url}: it contains other objects, such as {min(self.existing)}: {other}")
        if root and MARK not in root.metadata:
            raise UploadError(f"{url}: this store exists and was not written by this script: {other}")
        if root and root.metadata[MARK] != self.layout.made_from:
            problem = "this store was started with other files or other chunks"
            raise UploadError(f"{url}: {problem}: {other}, or add files to a verified store with append_to_store.py")
        more = self.existing.keys() - self.layout.metadata.keys() - {chunk.name for chunk in self.chunks}
        if more:
            raise UploadError(f"{url}: it contains other objects, such as {min(more)}: {other}")

    def write_metadata(self, workers: int) -> None:
        """Write the metadata of all arrays; first those of the root, whose mark claims the target."""

        def write(name: str) -> None:
            if name not in self.existing:
                mark = {MARK: self.layout.made_from} if name == "zarr.json" else {}
                self.target.put(name, self.layout.metadata[name], None, mark)

        write("zarr.json")
        if "zarr.json" not in self.existing and isinstance(self.target, Bucket):
            root = self.target.stat("zarr.json")
            if root is None or root.metadata.get(MARK) != self.layout.made_from:
                raise UploadError(f"{self.target.url}: somebody else has started another store: choose another name")
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(write, self.layout.metadata.keys() - {"zarr.json"}))

    def check_objects(self, manifest: Manifest) -> None:
        """Raise ``UploadError`` if another program changed objects that this upload wrote."""
        expected = {name: md5(data) for name, data in self.layout.metadata.items()}
        expected |= {chunk.name: digest for chunk in self.chunks if (digest := manifest.digest(chunk.name))}
        changed = [name for name, one in self.existing.items() if expected.get(name, one.md5) != one.md5]
        if changed:
            raise changed_elsewhere(self.target.url, changed)
        for name in self.existing.keys() & expected.keys():
            self.existing[name] = replace(self.existing[name], is_noted=True)

    def run(self, manifest: Manifest, run_all: Runner, workers: int, files: OpenFiles) -> None:
        """Send what is missing and verify; ``run_all`` transfers chunks and yields each ``Result``."""
        self.check_objects(manifest)
        source = self.layout.source
        states = {chunk.name: source.fingerprint(chunk.variable, chunk.region) for chunk in self.chunks}
        noted = {name: manifest.get(name, state) for name, state in states.items()}
        todo = [c for c in self.chunks if c.name not in self.existing or self.existing[c.name].md5 != noted[c.name]]
        report(f"{len(self.chunks) - len(todo)} of {len(self.chunks)} chunks are already stored, {len(todo)} to send")
        started, count, size = time.monotonic(), 0, 0
        self.write_metadata(workers)
        progress = Progress("uploading", len(todo))
        for result in run_all([(chunk, self.existing.get(chunk.name)) for chunk in todo]):
            name = result.chunk.name
            noted[name] = result.md5
            manifest.add(name, result.md5, states[name])
            count, size = count + result.was_sent, size + result.size * result.was_sent
            progress.step()
        report(f"sent {count} chunks, {megabytes(size)} in {time.monotonic() - started:.1f} s")
        source.check_unchanged(files)
        try:
            self.verify({name: digest for name, digest in noted.items() if digest})
        except VerificationError:
            manifest.clear()
            raise

    def verify(self, noted: Mapping[str, str]) -> None:
        """Compare the checksums of everything sent with those that the target lists."""
        expected = {name: md5(data) for name, data in self.layout.metadata.items()} | dict(noted)
        listed = self.target.list()
        found = {name: one.md5 for name, one in listed.items()}
        wrong = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
        if wrong:
            problem = f"{len(wrong)} objects differ from what was sent, such as {wrong[0]}"
            raise VerificationError(f"{self.target.url}: {problem}: {AGAIN}")
        size = sum(one.size for one in listed.values())
        report(f"verified: all {len(listed)} objects ({megabytes(size)}) have the right checksum")


class Progress:
    """A bar in a terminal, and elsewhere a line every ten seconds."""

    def __init__(self, action: str, total: int) -> None:
        self._action, self._total, self._done, self._shown = action, total, 0, time.monotonic()

    def step(self) -> None:
        """Count one more."""
        self._done += 1
        finished = self._done == self._total
        if sys.stdout.isatty():
            bar = "#" * (40 * self._done // self._total)
            end = "\n" if finished else ""
            with contextlib.suppress(OSError):
                print(f"\r{self._action} [{bar:40}] {self._done}/{self._total}", end=end, flush=True)
        elif finished or time.monotonic() > self._shown + 10:
            self._shown = time.monotonic()
            report(f"{self._action}: {self._done} of {self._total} chunks")


def run_in_threads(encoder: Encoder, target: Target, workers: int, todo: Todo) -> Iterator[Result]:
    """Transfer chunks, ``workers`` at a time, and yield each result when it is there."""
    waiting, lock = iter(todo), threading.Lock()
    finished: list[Result] = []
    ready = threading.Condition()
    problems: list[BaseException] = []

    def work() -> None:
        while not target.stopping.is_set():
            with lock:
                task = next(waiting, None)
            if task is None:
                return
            try:
                result = transfer(encoder, target, *task)
            except BaseException as problem:
                target.stopping.set()
                with ready:
                    problems.append(problem)
                    ready.notify()
                return
            with ready:
                finished.append(result)
                ready.notify()

    with ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(work) for _ in range(workers)]
        try:
            while True:
                with ready:
                    ended = all(future.done() for future in futures)
                    if not finished and not ended:
                        ready.wait(0.1)
                    results, finished[:] = list(finished), []
                yield from results
                if ended and not results:
                    break
        except BaseException:
            target.stopping.set()  # requests that are under way may end, no others begin
            raise
    if problems:
        raise problems[0]
