"""What names of Google's machine types and GPUs say: the number of CPUs, the memory, and the memory of a GPU."""

from __future__ import annotations

import re
from typing import Any

# The memory of each type of GPU, and the type that a series of machines always has.
_MEMORY_GB = {
    "nvidia-tesla-k80": 12,
    "nvidia-tesla-p4": 8,
    "nvidia-tesla-p100": 16,
    "nvidia-tesla-v100": 16,
    "nvidia-tesla-t4": 16,
    "nvidia-l4": 24,
    "nvidia-tesla-a100": 40,
    "nvidia-a100-80gb": 80,
    "nvidia-h100-80gb": 80,
}
_GIB_PER_CPU = {"highmem": 8, "standard": 4}
_OF_SERIES = {"g2": "nvidia-l4", "a2-highgpu": "nvidia-tesla-a100", "a2-ultragpu": "nvidia-a100-80gb"}


def cpus(machine: str | None) -> int | None:
    """Return the number of CPUs of a type such as ``n2-highmem-16``; ``None`` if its name does not say it."""
    number = re.search(r"-(?:highmem|standard|highcpu)-(\d+)$", machine or "")
    return int(number[1]) if number else None


def memory_gib(machine: str | None) -> int | None:
    """Return the memory of a type such as ``n2-highmem-16``; ``None`` if its name does not say it."""
    kind, number = re.search(r"-(highmem|standard)-", machine or ""), cpus(machine)
    return number * _GIB_PER_CPU[kind[1]] if kind and number else None


def gpu_memory_gb(machine: str | None, pools: list[dict[str, Any]]) -> int | None:
    """Return the memory of the GPU of a ``machine``, from its series or from Terraform's ``pools`` of machines."""
    kinds: list[Any] = [kind for series, kind in _OF_SERIES.items() if (machine or "").startswith(f"{series}-")]
    kinds += [(pool.get("gpu") or {}).get("type") for pool in pools if pool.get("machine_type") == machine]
    return next((_MEMORY_GB[kind] for kind in kinds if kind in _MEMORY_GB), None)


def usual_machine(pools: list[dict[str, Any]]) -> str | None:
    """Return the first type of machine without a GPU among Terraform's ``pools``."""
    without_gpu = [pool for pool in pools if not (pool.get("gpu") or {}).get("enabled")]
    return next((str(pool["machine_type"]) for pool in without_gpu if pool.get("machine_type")), None)
