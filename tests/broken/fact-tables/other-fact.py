"""Sizes of workers, with a column that reads another fact."""


def made(facts):
    sizes = facts.dask_gateway.worker_resource_allocation
    rows = [[name, f"{size.threads} to {size.threads} CPUs"] for name, size in sizes.items()]
    return "Worker sizes", ["worker_resource_allocation", "Memory limit"], rows
