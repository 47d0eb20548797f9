"""Dask Gateway as the hub has it: the real server beside the stand-in, started when somebody first asks for it."""
