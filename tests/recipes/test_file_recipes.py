"""Recipes of the pages on files and tables: what checksums notice, and what Parquet keeps of a table."""

import pytest

from fakehub.control.client import Control

PAGE = "book/buckets/files-and-tables.md"


@pytest.fixture
def corrupted_downloads(stand_in):
    """One byte of each download of an object is wrong."""
    control = Control(stand_in.folder)
    control.add_fault(effect="corrupt")
    yield
    control.clear_faults()


@pytest.mark.usefixtures("corrupted_downloads")
def test_a_corrupted_download_is_refused_only_with_the_pages_setting(recipe, root):
    program = """
        fs.pipe(f"{folder}/a.bin", bytes(1000))
        gcsfs.GCSFileSystem(consistency=%r, skip_instance_cache=True).get(f"{folder}/a.bin", "a.bin")
        print(open("a.bin", "rb").read() == bytes(1000))
        """
    checked, unchecked = (recipe(PAGE, (), program % setting) for setting in ("md5", "none"))

    assert "ChecksumError" in checked.stderr and checked.stdout == ""
    assert unchecked.stdout == "False\n"
    assert 'gcsfs.GCSFileSystem(consistency="md5")' in (root / PAGE).read_text()


@pytest.mark.parametrize("megabytes", [1, 60])
def test_an_upload_whose_checksum_is_not_the_buckets_is_refused(recipe, megabytes):
    """A small upload is one request, a large one several."""
    program = f"""
        from gcsfs.checkers import MD5Checker
        open("a.bin", "wb").write(bytes({megabytes} * 2**20))
        MD5Checker.update = lambda self, data: self.md.update(data + b"another byte")
        gcsfs.GCSFileSystem(consistency="md5").put("a.bin", f"{{folder}}/a.bin")
        """
    done = recipe(PAGE, (), program)

    assert "ChecksumError: MD5 checksum failed" in done.stderr


TABLES = {
    "named index": "pd.DataFrame({'a': [1.5]}, index=pd.Index(['x'], name='station'))",
    "two-level index": "pd.DataFrame({'s': ['x', 'x'], 'n': [1, 2], 'a': [1, 2]}).set_index(['s', 'n'])",
    "times with a time zone": "pd.DataFrame({'t': pd.to_datetime(['2024-03-31T01:30']).tz_localize('Europe/Berlin')})",
    "missing times": "pd.DataFrame({'t': pd.to_datetime(['2024-01-01', None])})",
    "integers with missing values": "pd.DataFrame({'n': pd.array([1, None], dtype='Int16')})",
    "booleans with missing values": "pd.DataFrame({'b': pd.array([True, None], dtype='boolean')})",
    "text with missing values": "pd.DataFrame({'s': pd.array(['x', None], dtype='string')})",
    "small integers and floats": "pd.DataFrame({'i': pd.array([1], dtype='uint8'), 'f': pd.array([1.5], 'float32')})",
    "ordered categories": "pd.DataFrame({'c': pd.Categorical(['b'], ['b', 'a'], ordered=True)})",
    "time steps": "pd.DataFrame({'d': pd.to_timedelta(['1h', None])})",
    "no rows": "pd.DataFrame({'a': pd.array([], dtype='int32')})",
}


@pytest.mark.parametrize("table", TABLES)
def test_parquet_keeps_a_table_as_it_is(printed, table):
    program = f"""
        import pandas as pd
        table = {TABLES[table]}
        table.to_parquet(f"{{folder}}/table.parquet")
        pd.testing.assert_frame_equal(pd.read_parquet(f"{{folder}}/table.parquet"), table)
        print("equal")
        """
    assert printed(PAGE, (), program) == ["equal"]
