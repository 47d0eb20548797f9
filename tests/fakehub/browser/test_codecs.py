"""The codecs in Python read what numcodecs' compiled codecs write, and the other way around."""

import importlib
import importlib.util
import itertools

import google_crc32c
import numcodecs
import numpy as np
import pytest

from fakehub.browser.compiled import REPLACED

ARRAYS = {
    "float32": np.sin(np.arange(20_003, dtype="f4") / 500),
    "int64": np.arange(3_000, dtype="i8") // 7,
    "bytes": np.frombuffer(b"ocean " * 999, "u1"),
    "noise": np.random.default_rng(7).integers(0, 256, 5_001, dtype="u1"),
    "one": np.array([3.5]),
}


def ours(name: str) -> object:
    """Import the replacement of a compiled module under its own name, beside the compiled one."""
    return importlib.import_module(REPLACED[name])


@pytest.mark.parametrize("name", ARRAYS)
@pytest.mark.parametrize("level", [0, 1, 9])
def test_zstd(name: str, level: int) -> None:
    array, mine, theirs = ARRAYS[name], ours("numcodecs.zstd").Zstd(level, checksum=True), numcodecs.Zstd(level)
    assert bytes(theirs.decode(mine.encode(array))) == array.tobytes()
    assert bytes(mine.decode(theirs.encode(array))) == array.tobytes()
    into = np.empty_like(array)
    mine.decode(theirs.encode(array), into)
    assert np.array_equal(into, array)


@pytest.mark.parametrize("name", ARRAYS)
@pytest.mark.parametrize(("cname", "shuffle"), [*itertools.product(["zstd", "zlib", "lz4"], [-1, 0, 1, 2])])
@pytest.mark.parametrize("level", [0, 1, 5, 9])
def test_blosc(name: str, cname: str, shuffle: int, level: int) -> None:
    blosc, array = ours("numcodecs.blosc"), ARRAYS[name]
    mine, theirs = blosc.Blosc(cname, level, shuffle), numcodecs.Blosc(cname, level, shuffle)
    written = mine.encode(array)
    assert bytes(theirs.decode(written)) == array.tobytes()
    if cname != "lz4" or level == 0:
        assert bytes(mine.decode(theirs.encode(array))) == array.tobytes()
    if name in {"float32", "int64"} and level:
        assert len(written) < array.nbytes


def test_blosc_says_which_compressors_it_cannot_read() -> None:
    written = numcodecs.Blosc("lz4").encode(ARRAYS["int64"])
    with pytest.raises(RuntimeError, match="LZ4, BloscLZ or Snappy"):
        ours("numcodecs.blosc").Blosc().decode(written)


@pytest.mark.parametrize("damage", [lambda data: data[:10], lambda data: data[:-1], lambda data: data + b"x"])
def test_damaged_blosc(damage: object) -> None:
    written = numcodecs.Blosc("zstd").encode(ARRAYS["int64"])
    with pytest.raises(RuntimeError):
        ours("numcodecs.blosc").Blosc().decode(damage(written))


def test_blosc_shows_itself_as_the_compiled_one_does() -> None:
    options = {"cname": "zstd", "clevel": 3, "shuffle": 2, "blocksize": 0}
    assert repr(ours("numcodecs.blosc").Blosc(**options)) == repr(numcodecs.Blosc(**options))
    assert ours("numcodecs.blosc").Blosc(**options).get_config() == numcodecs.Blosc(**options).get_config()


@pytest.mark.parametrize(
    ("codec", "values"),
    [
        ("VLenUTF8", ["Atlantic", "", None, "Südpol ❄"]),
        ("VLenBytes", [b"abc", b"", None]),
        ("VLenArray", [np.arange(3), np.arange(0), np.arange(5)]),
    ],
)
def test_variable_lengths(codec: str, values: list[object]) -> None:
    options = ["<i8"] if codec == "VLenArray" else []
    mine = getattr(ours("numcodecs.vlen"), codec)(*options)
    theirs = getattr(numcodecs, codec)(*options)
    array = np.empty(len(values), dtype=object)
    array[:] = values
    assert bytes(mine.encode(array)) == bytes(theirs.encode(array))
    for one, other in zip(mine.decode(theirs.encode(array)), theirs.decode(mine.encode(array)), strict=True):
        assert np.array_equal(one, other)
    with pytest.raises(ValueError, match="corrupt buffer"):
        mine.decode(bytes(theirs.encode(array))[:-1])


@pytest.mark.parametrize("name", ["float32", "int64", "noise"])
def test_checksum_and_shuffle(name: str) -> None:
    array = ARRAYS[name]
    mine, theirs = ours("numcodecs.fletcher32").Fletcher32(), numcodecs.Fletcher32()
    assert mine.encode(array) == bytes(theirs.encode(array))
    with pytest.raises(RuntimeError, match="corrupted"):
        mine.decode(mine.encode(array)[:-1] + b"?")
    shuffle = ours("numcodecs._shuffle")
    size = array.dtype.itemsize
    target = np.empty(array.nbytes, "u1")
    shuffle._doShuffle(array.view("u1"), target, size)
    assert bytes(target) == bytes(numcodecs.Shuffle(size).encode(array))
    back = np.empty_like(target)
    shuffle._doUnshuffle(target, back, size)
    assert bytes(back) == array.tobytes()


@pytest.mark.parametrize("size", [0, 1, 7, 8191, 8192, 8193, 100_003])
def test_crc32c(size: int) -> None:
    data = np.random.default_rng(size).integers(0, 256, size, dtype="u1").tobytes()
    mine = ours("google_crc32c.cext")
    assert mine.value(data) == google_crc32c.value(data)
    assert mine.extend(mine.value(data[:99]), data[99:]) == google_crc32c.value(data)
    checksum = mine.Checksum(data[: size // 2])
    checksum.update(data[size // 2 :])
    assert checksum.digest() == google_crc32c.Checksum(data).digest()
