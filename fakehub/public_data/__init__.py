"""Public archives of climate data: Zarr stores whose objects are computed when somebody reads them."""
