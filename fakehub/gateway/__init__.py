"""Dask Gateway as on the hub: the real server beside the stand-in, started by the first connection."""
