"""Preloaded into workers: they report the memory of their size on the hub, and do not read users' homes."""

import sys

import distributed.system

from fakehub.gateway.on_another_machine import refuse_hidden_homes

# Undocumented: the upper bound of a worker's memory limit. Checked with distributed 2026.1 to 2026.8.
distributed.system.MEMORY_LIMIT = sys.maxsize
refuse_hidden_homes()
