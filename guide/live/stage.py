"""Which files go into the packs that a browser loads: packages without what no cell needs, and the stand-in."""

from __future__ import annotations

import gzip
import io
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path

from guide.paths import ROOT

# Modules of this project that run in the browser, as paths below the root; a folder stands for all its modules.
_OWN = (
    *("fakehub/__init__.py", "fakehub/accounts", "fakehub/browser", "fakehub/clock.py", "fakehub/compat.py"),
    *("fakehub/errors.py", "fakehub/hosts.py", "fakehub/network/__init__.py", "fakehub/public_data"),
    *("fakehub/public_s3.py", "fakehub/request_log.py", "fakehub/service.py", "fakehub/storage", "hubfacts"),
    *("guide/__init__.py", "guide/run/__init__.py", "guide/run/kernel_checks.py", "guide/run/kernel_pictures.py"),
)
# What is left out, as patterns for paths in site-packages: tests, type stubs, sources in C, programs, and parts that
# need something that does not run in a browser.
_LEFT_OUT = re.compile(
    r"""(^|/)(tests?|conftest\.py|benchmarks|__pycache__|include|examples)(/|$)
    |\.(pyi|pxd|pyx|c|h|cpp|hpp|a|typed|in|txt|toml|tmpl|template|dist|example|dat|npy|npz|rst|md|sh)$
    |x86_64-linux-gnu\.so$
    |\.dist-info/(?!METADATA$|entry_points\.txt$)
    |^(bin|share|scripts)/
    |^numpy/(f2py|distutils|_core/lib|random/lib|_pyinstaller|doc|ma/timer_comparison)
    |^pandas/_libs/(window/)?include
    |^matplotlib/(mpl-data/(sample_data|fonts/(afm|pdfcorefonts)|images)|sphinxext)
    |^matplotlib/mpl-data/fonts/ttf/(?!DejaVuSans(-Bold|-Oblique|Mono)?\.ttf$)
    |^matplotlib/backends/(web_backend|qt_|backend_(cairo|gtk|macosx|nbagg|pdf|pgf|ps|qt|svg|tk|webagg|wx|_))
    |^(mpl_toolkits/axisartist|pylab\.py)
    |^fontTools/(?!__init__|misc/|ttLib/(__init__|ttFont|tables/(__init__|DefaultTable|asciiTable|otBase))|config)
    |^PIL/(ImageQt|ImageTk|_imagingtk|_imagingft|_avif|_imagingcms|AvifImagePlugin)
    |^dask/(dataframe|cli\.py|dask-schema)
    |^IPython/
    |^google/auth/crypt/
    |^google/(pubsub|iam/|logging|longrunning|type|shopping|gapic)
    |^google/(_upb|protobuf/(compiler|_pyext))
    |^google/cloud/(_storage_v2|storage/(_experimental|asyncio))
    |^google/_async_resumable_media
    |^google/api_core/(operations_v1|gapic_v1|bidi|grpc|operation|extended_operation|path_template|.*_async\.py)
    |^google/(api/|rpc/context|cloud/(operation|location|_testing))|^google/.*\.proto$|^proto/
    |^google/protobuf/(json_format|proto_builder|service_reflection)
    |^google/resumable_media/(_upload|_download|requests/)
    |^google/auth/(aio|aws|pluggable|identity_pool|external_account|downscoped|_[a-z]+_async|transport/(_aiohttp|_custom_tls|grpc|urllib3))
    |^google/oauth2/(_[a-z_]+_async|gdch)
    |^fsspec/implementations/(arrow|dask|dbfs|ftp|gist|git|github|jupyter|libarchive|sftp|smb|webhdfs)\.py$
    |^numpy/linalg/lapack_lite
    |^dask/bag/
    |^zarr/testing/
    |^matplotlib/testing
    |^tzdata/zoneinfo/(?!UTC$|Etc/UTC$|Etc/GMT$|__init__\.py$|Etc/__init__\.py$)
    |^packaging/licenses/
    |^certifi/cacert\.pem$
    """,
    re.VERBOSE,
)
# Files that the patterns leave out, but that are read.
_KEPT = re.compile(
    r"""^([^/]+\.dist-info/entry_points\.txt
    |dask/widgets/templates/.*
    |dask/dask\.yaml
    |tlz/.*
    |matplotlib/mpl-data/(matplotlibrc|stylelib/classic\.mplstyle))$
    """,
    re.VERBOSE,
)

# What only a figure needs of packages that every page loads.
_OF_FIGURES = re.compile(r"^pandas/plotting/_matplotlib/")
# Modules that only add docstrings to functions of NumPy in C.
_ONLY_DOCSTRINGS = re.compile(r"^numpy/_core/_add_newdocs(_scalars)?\.py$")
_METADATA = re.compile(r"\.dist-info/METADATA$")
_ZONES = "dateutil/zoneinfo/dateutil-zoneinfo.tar.gz"
_KEPT_ZONES = {"METADATA", "UTC", "Etc/UTC", "Etc/GMT"}

# Of the standard library: encodings of old texts, and what needs a terminal, a server or another process.
_LEFT_OUT_OF_LIBRARY = re.compile(
    r"""^encodings/(?!__init__|aliases|ascii|base64_codec|charmap|cp1252|cp437|hex_codec|idna|iso8859_1\.|latin_1
        |punycode|raw_unicode|undefined|unicode_escape|utf_|zlib_codec)
    |^(_pyrepl|wsgiref|xmlrpc|xml/(dom|sax)|multiprocessing/(popen_|forkserver|dummy)|http/server)
    |^(_pyio|bdb|ftplib|imaplib|mailbox|pdb|poplib|pty|smtplib|socketserver|tty|webbrowser)\.
    """,
    re.VERBOSE,
)


def is_left_out_of_library(name: str) -> bool:
    """Return whether a browser does not load the file ``name`` of Python's standard library."""
    return _LEFT_OUT_OF_LIBRARY.match(name) is not None


def packed_files(site: Path) -> dict[str, dict[str, Path]]:
    """Return the files of the packs ``packages``, ``figures``, ``client`` and ``hub`` by their paths in site-packages.

    ``hub`` is the stand-in, which changes more often than the packages.

    ``site`` is the folder that ``parts.fetch`` returned.
    """
    pretty = site / "pure" / "IPython" / "lib" / "pretty.py"
    installed = {**dict(_files(site / "compiled")), **dict(_files(site / "pure"))}
    packages = {name: path for name, path in installed.items() if not _OF_FIGURES.match(name)}
    packages["ipython_pretty.py"] = pretty
    figures = {name: path for name, path in installed.items() if _OF_FIGURES.match(name)}
    figures |= {name: path for name, path in _files(site / "figures") if name not in packages}
    client = {name: path for name, path in _files(site / "client") if name not in packages}
    return {"packages": packages, "figures": figures, "client": client, "hub": dict(_own_files())}


def content_of(name: str, file: Path) -> bytes:
    """Return what a pack has of a file.

    That is, of the text about a package only its headers, of dateutil's time zones UTC, and no docstrings of
    NumPy's functions in C.
    """
    content = file.read_bytes()
    if _ONLY_DOCSTRINGS.match(name):
        return b""
    if _METADATA.search(name):
        return content.partition(b"\n\n")[0] + b"\n"
    return _with_few_zones(content) if name == _ZONES else content


def _with_few_zones(archive: bytes) -> bytes:
    """Return dateutil's archive with the zones that are left of Python's own too."""
    out = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(archive)) as zones,
        gzip.GzipFile(fileobj=out, mode="wb", mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as kept,
    ):
        members = zones.getmembers()
        kept_names = _KEPT_ZONES | {member.linkname for member in members if member.name in _KEPT_ZONES}
        for member in members:
            if member.name in kept_names:
                kept.addfile(member, zones.extractfile(member) if member.isfile() else None)
    return out.getvalue()


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and (_KEPT.match(name) or not _LEFT_OUT.search(name)):
            yield name, path


def _own_files() -> Iterator[tuple[str, Path]]:
    for name in _OWN:
        for path in sorted((ROOT / name).rglob("*.py")) if (ROOT / name).is_dir() else [ROOT / name]:
            yield path.relative_to(ROOT).as_posix(), path
