"""Loaded into workers: lets one report the memory of its size on the hub, also on a machine that has less."""

import sys

import distributed.system

distributed.system.MEMORY_LIMIT = sys.maxsize
