"""Sources of every kind that people upload, and what is right for each: copied bit for bit, or refused in one line."""

from corpus import calendars, damaged, differing, dtypes, folders, grids, layouts, names, packing, storage, zarrs
from corpus.model import ENTRIES

__all__ = [
    "ENTRIES",
    "calendars",
    "damaged",
    "differing",
    "dtypes",
    "folders",
    "grids",
    "layouts",
    "names",
    "packing",
    "storage",
    "zarrs",
]
