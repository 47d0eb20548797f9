"""The hub inside one process without threads, sockets or compiled codecs, as in a reader's browser.

Python compiled to WebAssembly (Pyodide) runs in a Web Worker. ``start`` replaces what is missing there, so that xarray,
zarr, gcsfs and google-auth run unchanged and reach the same services that answer in the stand-in. Everything here also
runs on ordinary CPython, where it is tested.
"""
