"""The catalogs of public datasets, as pandas and intake-esm read them."""

from __future__ import annotations

import csv
import io
import json

from hubfacts.public_data import Catalog, PublicData

_VOCABULARIES = "https://raw.githubusercontent.com/WCRP-CMIP/CMIP6_CVs/master/CMIP6_{}.json"
# The columns with a vocabulary, and those that intake-esm groups stores by, each in the order of Pangeo's file.
_CONTROLLED = ("activity_id", "source_id", "institution_id", "experiment_id", "table_id", "grid_label")
_GROUPED = ("activity_id", "institution_id", "source_id", "experiment_id", "table_id", "grid_label")
_NEW_DIMENSIONS = ("member_id", "dcpp_init_year")
_JOINED = {"coords": "minimal", "compat": "override"}


def files(data: PublicData, service: str, bucket: str) -> dict[str, bytes]:
    """Return the catalogs in a bucket of a service (``gs`` or ``s3``) by the names of their files."""
    found = {}
    for catalog in data.catalogs.values():
        if catalog.stores.startswith(f"{service}://{bucket}/"):
            found[catalog.url.rpartition("/")[2]] = _table(data, catalog).encode()
            found[catalog.collection.rpartition("/")[2]] = json.dumps(_collection(catalog), indent=2).encode()
    return found


def _table(data: PublicData, catalog: Catalog) -> str:
    """Return a line for each dataset of the catalog, after the names of the columns."""
    text = io.StringIO()
    writer = csv.DictWriter(text, catalog.columns, lineterminator="\n")
    writer.writeheader()
    for dataset in data.datasets.values():
        if dataset.url.startswith(catalog.stores):
            *folders, version = dataset.url.removeprefix(catalog.stores).split("/")
            row = dict(zip(catalog.columns, folders, strict=False))
            writer.writerow(row | {"zstore": f"{dataset.url}/", "version": version.removeprefix("v")})
    return text.getvalue()


def _collection(catalog: Catalog) -> dict[str, object]:
    """Return what intake-esm reads: the columns, and how stores are joined."""
    columns = [name for name in catalog.columns if name not in ("zstore", "dcpp_init_year")] + ["dcpp_start_year"]
    vocabularies = {name: _VOCABULARIES.format(name) for name in _CONTROLLED}
    joins = [{"type": "join_new", "attribute_name": name, "options": _JOINED} for name in _NEW_DIMENSIONS]
    return {
        "esmcat_version": "0.1.0",
        "id": "pangeo-cmip6",
        "description": "This is an ESM collection for CMIP6 Zarr data residing in Google Storage.",
        "catalog_file": catalog.url,
        "attributes": [{"column_name": name, "vocabulary": vocabularies.get(name, "")} for name in columns],
        "assets": {"column_name": "zstore", "format": "zarr"},
        "aggregation_control": {
            "variable_column_name": "variable_id",
            "groupby_attrs": list(_GROUPED),
            "aggregations": [{"type": "union", "attribute_name": "variable_id"}, *joins],
        },
    }
