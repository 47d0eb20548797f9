"""Copy NetCDF files, or a Zarr store, to one Zarr store in a bucket or on this disk.

    python upload_store.py SOURCE... gs://BUCKET/PREFIX/NAME.zarr
    python upload_store.py SOURCE... ./NAME.zarr

SOURCE is a NetCDF file, a folder of them, a pattern in quotes, a gs:// address of any of these, or a local Zarr store.
Several files are joined along one dimension, ``time`` unless --along names another, in the order of its coordinate.

Values, types, attributes, packing and calendars are copied bit for bit. If files do not fit together, or contain
something that a Zarr store cannot hold, the script says so in one line and writes nothing.

If the upload stops (a dropped connection, an expired token, a killed job), run the same command again: it continues
where it stopped. To add files to a verified store, use append_to_store.py; this script then no longer changes it.

How it works:

1. Read the header of every file and compare it with that of the first file.
2. Write the metadata of the whole store. They contain a mark by which the script recognises its own store.
3. Encode each chunk, compute its checksum, and send it on the condition that nobody else has written that object. When
   the bucket confirms the checksum, record it in the manifest, a small file on this machine (see --manifest). The
   next run skips recorded chunks.
4. Verify the store: compare the recorded checksums with those that the bucket lists.

Requires h5netcdf, zarr and xarray; google-auth and requests for buckets; gcsfs for files in buckets.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import functools
import importlib
import io
import math
import os
import re
import signal
import sys
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from uploader.common import AGAIN, UploadError, first_line, is_remote, megabytes, report
from uploader.find_files import find_files
from uploader.folder import Folder
from uploader.headers import Request
from uploader.layout import Encoder, Layout
from uploader.manifest import Manifest
from uploader.on_dask import check_workers, read_headers_on_workers, run_on_workers
from uploader.open_files import OpenFiles
from uploader.source import Reader, Source
from uploader.upload import Runner, Settings, Upload, run_in_threads

# More threads than this only need memory.
MOST_WORKERS = 256


def upload(
    sources: Iterable[str | Path] | str | Path,
    target: str | Path,
    *,
    along: str = "time",
    sort_by: str | None = None,
    variables: Iterable[str] = (),
    chunks: Mapping[str, int] | None = None,
    chunk_mb: float = 100,
    workers: int = 4,
    allow_gaps: bool = False,
    client: Any = None,
    token_file: str | Path | None = None,
    user: str | None = os.environ.get("JUPYTERHUB_USER"),
    manifest: str | Path | None = None,
    timeout: float = 120,
    patience: float = 900,
    dry_run: bool = False,
) -> None:
    """Check everything, then copy ``sources`` to one Zarr store; raises ``UploadError`` with one line.

    ``client`` is the client of a Dask cluster whose workers do the work; they must see the sources and the target, and
    use their own login.
    """
    settings = settings_of(str(target), user, manifest, token_file, timeout, patience)
    destination = settings.target()
    destination.check_access()
    files = OpenFiles(settings.token_file)
    paths = find_files([sources] if isinstance(sources, str | Path) else sources, files, settings.url)
    each: Reader = lambda read, paths, *arguments: (read(path, *arguments) for path in paths)  # noqa: E731
    if client:
        paths = prepare_workers(client, paths, settings)
        each = functools.partial(read_headers_on_workers, client)
    source = Source(files, paths, Request(along, sort_by, tuple(variables)), allow_gaps, each)
    layout = Layout(source, checked_chunks(chunks or {}, source), int(chunk_mb * 1e6))
    work = Upload(layout, destination, layout.chunks())
    work.check_target()
    summarize(source, layout, len(work.chunks), str(target))
    if dry_run:
        report("nothing was written (--dry-run)")
        return
    notes = Manifest(settings.manifest, settings.url, layout.made_from)
    run_all: Runner = functools.partial(run_in_threads, Encoder(layout, files, workers), destination, workers)
    if client:
        run_all = functools.partial(run_on_workers, client, layout, settings)
    try:
        work.run(notes, run_all, workers, files)
    finally:
        if isinstance(destination, Folder):
            destination.clean_up()


def prepare_workers(client: Any, paths: list[str], settings: Settings) -> list[str]:
    """Send this script to the workers, and return the paths as they see them."""
    if settings.token_file:
        raise UploadError("--token-file: the workers of a Dask cluster use their own login: omit this option")
    check_workers(client, paths, settings.url)
    client.upload_file(__file__)
    return [path if is_remote(path) else os.path.abspath(path) for path in paths]


def settings_of(
    target: str, user: str | None, manifest: Any, token_file: Any, timeout: float, patience: float
) -> Settings:
    """Return the settings; raises ``UploadError`` for a target that others share."""
    url = target.rstrip("/")
    if re.search(r"[\0-\x1f\x7f]", url):
        raise UploadError(f"{target!r}: the name has a control character: correct the target")
    found = re.fullmatch(r"gs://([a-z0-9][a-z0-9._-]+)/([^/]+)/(?:[^/]+/)*[^/]+\.zarr", url)
    forms = "gs://BUCKET/PREFIX/NAME.zarr or ./NAME.zarr"
    if is_remote(url):
        if not found or {".", ".."} & set(url.split("/")):
            raise UploadError(f"{target} is not of the form {forms}: correct the target")
        if user and found[2] != user:
            problem = f"is under the prefix of {found[2]}, not yours"
            raise UploadError(f"{target} {problem}: write under gs://{found[1]}/{user}/")
    elif not re.match(r"(\.{1,2}|~)?/", url) or not url.endswith(".zarr") or "://" in url:
        raise UploadError(f"{target} is not of the form {forms}: correct the target")
    else:
        url = os.path.abspath(os.path.expanduser(url))
    name = f"{url.rpartition('/')[2]}.manifest"
    path = Path(manifest) if manifest else (Path(name) if is_remote(url) else Path(f"{url}.manifest"))
    return Settings(url, path, Path(token_file) if token_file else None, timeout, patience)


def checked_chunks(chunks: Mapping[str, int], source: Source) -> dict[str, int]:
    """Return the chunks; raises ``UploadError`` for a dimension that does not exist."""
    for dim in chunks:
        if dim not in source.sizes:
            raise UploadError(
                f"--chunks: the files have only the dimensions {', '.join(source.sizes)}, not {dim!r}: correct it"
            )
    return dict(chunks)


def summarize(source: Source, layout: Layout, count: int, target: str) -> None:
    """Print what is about to be copied."""
    files = f"{len(source.parts)} file{'s' * (len(source.parts) != 1)}"
    report(f"{files}, {len(source.variables)} variables, {megabytes(source.nbytes)} -> {target}")
    report(f"{count} chunks of at most {megabytes(layout.largest_chunk)}")
    if source.differing:
        names = ", ".join(sorted(source.differing))
        report(f"attributes that differ between files, and are kept as in the first one: {names}")


def parse_arguments() -> argparse.Namespace:
    """Return the options of the command line."""
    about, _, more = __doc__.partition("\n\n")
    parser = argparse.ArgumentParser(description=about, epilog=more, formatter_class=argparse.RawTextHelpFormatter)
    add = parser.add_argument
    add("source", nargs="+", help="NetCDF files in any order, folders, patterns, gs:// addresses, or a Zarr store")
    add("target", help="gs://BUCKET/PREFIX/NAME.zarr, where PREFIX is your GitHub username, or ./NAME.zarr")
    add("--along", default="time", metavar="DIM", help="dimension along which files are joined (%(default)s)")
    add("--sort-by", metavar="NAME", help="variable along DIM by which to sort the files, if DIM has no coordinate")
    add("--allow-gaps", action="store_true", help="accept missing steps in a regular axis")
    add("--variables", type=names, default=(), metavar="A,B", help="copy only these variables, and those they refer to")
    add("--chunk-mb", type=positive, default=100, metavar="MB", help="size of the largest chunk in MB (%(default)s)")
    add("--chunks", type=sizes, metavar="DIM=N,...", help="shape of the chunks, instead of their size")
    add("--workers", type=workers, default=4, metavar="N", help="chunks to send at the same time (%(default)s)")
    add("--dask", metavar="ADDRESS", help="address of a Dask scheduler, whose workers do the work")
    add("--token-file", type=Path, metavar="FILE", help="file with an access token, which only you can read (mode 600)")
    add("--user", default=os.environ.get("JUPYTERHUB_USER"), help="your GitHub username (the hub knows it)")
    add("--manifest", type=Path, metavar="FILE", help="record of sent chunks (NAME.zarr.manifest)")
    add("--timeout", type=positive, default=120, metavar="S", help="seconds to wait for an answer (%(default)s)")
    add("--patience", type=positive, default=900, metavar="S", help="seconds to repeat failed requests (%(default)s)")
    add("--dry-run", action="store_true", help="check everything without writing")
    return parser.parse_args()


def names(text: str) -> tuple[str, ...]:
    """Return names that are separated by commas."""
    found = tuple(name for name in text.split(",") if name)
    if not found:
        raise argparse.ArgumentTypeError("name at least one variable")
    return found


def sizes(text: str) -> dict[str, int]:
    """Return sizes by dimension; argparse reports anything not of this form."""
    found = {}
    for part in text.split(","):
        dim, equals, size = part.partition("=")
        if not dim or not equals or not size.isdecimal() or not int(size):
            raise argparse.ArgumentTypeError(f"{text!r} is not of the form DIM=N,DIM=N")
        if dim in found:
            raise argparse.ArgumentTypeError(f"{dim} occurs twice")
        found[dim] = int(size)
    return found


def positive(text: str) -> float:
    """Return a number above zero; argparse reports anything else."""
    if not 0 < float(text) < math.inf:
        raise ValueError
    return float(text)


def whole(text: str) -> int:
    """Return a whole number above zero; argparse reports anything else."""
    return int(positive(str(int(text))))


def workers(text: str) -> int:
    """Return a number of threads; argparse reports anything else, or more than any machine can use."""
    number = whole(text)
    if number > MOST_WORKERS:
        raise argparse.ArgumentTypeError(f"{text} is more than {MOST_WORKERS}")
    return number


def return_memory() -> None:
    """Let Linux reclaim the memory of a chunk at once; otherwise each thread keeps the most that it ever needed."""
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(-3, 1 << 20)  # M_MMAP_THRESHOLD


def run_command(options: argparse.Namespace) -> None:
    """Upload as the command line asks."""
    asked = dict(vars(options))
    sources, target, address = asked.pop("source"), asked.pop("target"), asked.pop("dask")
    if not address:
        upload(sources, target, **asked)
        return
    import dask.distributed

    try:
        client = dask.distributed.Client(address, timeout=30)
    except (OSError, ValueError) as error:
        raise UploadError(f"--dask {address}: no scheduler answers at this address ({first_line(error)})") from None
    with client:
        upload(sources, target, client=client, **asked)


def discard_unwritten_output() -> None:
    """Keep Python from failing as it exits because stdout is full, or because the program that read it has ended."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main() -> int:
    """Run the command; returns 0 if the store is verified, and 1 after one line on stderr that says why not."""
    return_memory()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that lacks a letter shows its code instead
            stream.reconfigure(errors="backslashreplace")
    warnings.simplefilter("ignore")  # libraries warn programmers; errors are reported
    options = parse_arguments()
    if options.dask and __name__ == "__main__":
        sys.path.insert(0, str(Path(__file__).resolve().parent))
        module: Any = importlib.import_module(Path(__file__).stem)  # a name by which the workers can import it
        status: int = module.main()
        return status
    # Not by way of SIGINT, which a shell ignores for jobs in the background.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        run_command(options)
    except UploadError as error:
        reason = str(error)
    except KeyboardInterrupt:
        reason = f"stopped: {AGAIN}"
    except MemoryError:
        reason = "there is not enough memory: make the chunks smaller with --chunk-mb, or use fewer --workers"
    except OSError as error:
        reason = f"{error.filename or 'this machine'}: {error.strerror or first_line(error)}"
    else:
        return 0
    finally:
        discard_unwritten_output()
    with contextlib.suppress(OSError):
        print(f"upload_store.py: {reason}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
