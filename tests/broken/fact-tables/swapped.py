"""Sizes of workers, with two columns swapped."""


def made(facts):
    sizes = facts.dask_gateway.worker_resource_allocation
    rows = [[name, f"{size.memory.removesuffix('G')} GiB", str(size.threads)] for name, size in sizes.items()]
    return "Worker sizes", ["worker_resource_allocation", "Threads", "Memory limit"], rows
