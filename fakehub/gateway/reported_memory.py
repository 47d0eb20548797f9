"""Preloaded into workers: they report the memory of their size on the hub, even on a machine that has less."""

import sys

import distributed.system

# Undocumented: the upper bound of a worker's memory limit. Checked with distributed 2026.1 to 2026.8.
distributed.system.MEMORY_LIMIT = sys.maxsize
