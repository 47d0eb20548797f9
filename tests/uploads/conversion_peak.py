"""Convert as ``convert.py`` does, and print the peak memory for each number of files, in chunks per worker.

``conversion_peak.py FOLDER_OF_CONVERT FOLDER_OF_FILES STORE CHUNK_MB WORKERS COUNT...``
"""

import sys
import tracemalloc
from pathlib import Path

sys.path.insert(0, sys.argv[1])
import convert

files = sorted(map(str, Path(sys.argv[2]).glob("*.nc")))
store, chunk_mb, workers, counts = sys.argv[3], float(sys.argv[4]), int(sys.argv[5]), map(int, sys.argv[6:])

tracemalloc.start()
for count in (1, *counts):  # the first round is for memory that the libraries take once
    ds = convert.clean(convert.open_files(files[:count]))
    length = convert.chunk_length(ds, chunk_mb)
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    convert.write(ds, f"{store}-{count}.zarr", length, workers)
    chunk = max(v.nbytes // v.sizes["time"] * length for v in ds.data_vars.values())
    print((tracemalloc.get_traced_memory()[1] - before) / chunk / workers)
