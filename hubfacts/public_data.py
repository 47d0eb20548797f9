"""The public archives that the stand-in plays for every hub: the schema of ``public_data.yml``, and its loader."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from hubfacts.checks import require_known
from hubfacts.load import FactsError, validated
from hubfacts.schema import Facts, Model, Url
from hubfacts.strict_yaml import YamlError, read_mapping

FILE = Path(__file__).with_suffix(".yml")
Text = str | int | float
Attributes = Mapping[str, Text | list[Text]]
DType = Literal["<f4", "<f8", "<i8"]
Like = Literal[
    "air_temperature",
    "bounds",
    "eastward_wind",
    "land_sea_mask",
    "monthly_air_temperature",
    "northward_wind",
    "precipitation",
    "sea_level_pressure",
    "sea_surface_temperature",
]


def _is_time(text: str) -> str:
    datetime.fromisoformat(text)
    return text


Time = Annotated[str, AfterValidator(_is_time)]


class Source(Model, extra="forbid"):
    """Where facts were read, and how old that is."""

    what: str
    date: str
    commit: str | None = None


class Coordinate(Model, extra="forbid"):
    """A coordinate: its ``values``, or the ``first``, the ``step`` and the ``size`` of regular ones.

    With ``first_month``, as in ``1850-01``, the step is a month without leap days, and the values are in the middle of
    each.
    """

    dtype: DType
    values: list[float] = Field([])
    first: float = 0
    step: float = 1
    first_month: str | None = Field(None, pattern=r"^\d{4}-(0[1-9]|1[0-2])$")
    size: int = Field(0, ge=0)
    attributes: Attributes = Field({})

    @model_validator(mode="after")
    def _has_values(self) -> Coordinate:
        if bool(self.values) == bool(self.size):
            raise ValueError("it has either values or a size")
        return self

    def __len__(self) -> int:
        return len(self.values) or self.size


class Variable(Model, extra="forbid"):
    """A variable; ``dims`` and ``chunks`` are those of the dataset unless given.

    ``like`` names the function that computes it (see ``fakehub.public_data.weather``); its values are ``times`` as
    large and ``plus`` something. A variable that is ``like`` bounds has those of its first dimension. One with a
    ``value`` has that everywhere. ``missing`` is what Zarr's metadata have for missing values.
    """

    like: Like | None = None
    value: float | None = None
    times: float = 1
    plus: float = 0
    dtype: DType = "<f4"
    dims: list[str] | None = None
    chunks: list[int] | None = None
    missing: float | None = None
    attributes: Attributes = Field({})

    @model_validator(mode="after")
    def _has_values(self) -> Variable:
        if (self.like is None) == (self.value is None):
            raise ValueError("it has either like or a value")
        return self


class Dataset(Model, extra="forbid"):
    """A Zarr store in a public bucket of Google Cloud Storage or of Amazon S3.

    ``stored`` are the first and the last time that have data; all times have if it is missing. ``region`` is where the
    bucket is, if that is documented.
    """

    title: str
    url: str = Field(pattern=r"^(gs|s3)://[^/]+/.*[^/]$")
    region: str | None = None
    docs: Url
    stored: list[Time] = Field([], max_length=2)
    attributes: Attributes = Field({})
    coordinates: Mapping[str, Coordinate]
    dims: list[str]
    chunks: list[int]
    variables: Mapping[str, Variable] = Field(min_length=1)
    src: list[str] = Field(min_length=1)

    @property
    def service(self) -> str:
        """What the bucket is in: ``gs`` or ``s3``."""
        return self.url.partition("://")[0]

    @property
    def bucket(self) -> str:
        """The bucket's name."""
        return self._in_service.partition("/")[0]

    @property
    def path(self) -> str:
        """The store's prefix in the bucket."""
        return self._in_service.partition("/")[2]

    @property
    def _in_service(self) -> str:
        return self.url.partition("://")[2]

    def dims_of(self, variable: Variable) -> list[str]:
        """Return the dimensions of a variable."""
        return self.dims if variable.dims is None else variable.dims

    def chunks_of(self, variable: Variable) -> list[int]:
        """Return the chunk shape of a variable; one with other dimensions is in one chunk unless it says how."""
        if variable.chunks is not None:
            return variable.chunks
        return self.chunks if variable.dims is None else [len(self.coordinates[dim]) for dim in variable.dims]


class Catalog(Model, extra="forbid"):
    """A table of the datasets below ``stores``: as CSV at ``url``, and for intake-esm at ``collection``.

    The first ``columns`` are the folders of a store; ``zstore`` is its address, and ``version`` its last folder.
    """

    url: Url
    collection: Url
    stores: str = Field(pattern=r"^(gs|s3)://[^/]+/.*/$")
    columns: list[str]
    src: list[str] = Field(min_length=1)


class PublicData(Model, extra="forbid"):
    """All public datasets, and where their layout was read."""

    sources: Mapping[str, Source]
    datasets: Mapping[str, Dataset] = Field(min_length=1)
    catalogs: Mapping[str, Catalog] = Field({})

    def buckets(self, service: str) -> dict[str, list[Dataset]]:
        """Return the datasets in a service (see ``Dataset.service``) by the name of their bucket."""
        found: dict[str, list[Dataset]] = {}
        for dataset in self.datasets.values():
            if dataset.service == service:
                found.setdefault(dataset.bucket, []).append(dataset)
        return found


def beside(facts: Facts) -> list[str]:
    """Return the public buckets of Google Cloud, except for those that ``facts`` describe themselves."""
    return [name for name in load().buckets("gs") if name not in facts.buckets.known]


@functools.cache
def load(path: Path = FILE) -> PublicData:
    """Return the public datasets in the file at ``path``; raises ``FactsError`` of one line with the key."""
    try:
        content = read_mapping(path)
        return validated(content or {}, PublicData, _check)
    except OSError as error:
        raise FactsError(f"{path}: cannot be read ({error.strerror})") from error
    except (YamlError, FactsError) as error:
        raise FactsError(f"{path}: {error}") from error


def _check(data: PublicData) -> None:
    """Raise ``ValueError``, one line with the key, for facts that contradict one another."""
    for name, catalog in data.catalogs.items():
        require_known(f"catalogs.{name}.src", catalog.src, data.sources, "source")
    for name, dataset in data.datasets.items():
        require_known(f"datasets.{name}.src", dataset.src, data.sources, "source")
        if dataset.service == "s3" and dataset.region is None:
            raise ValueError(f"datasets.{name}.region: missing; it is a part of the address of a bucket in s3")
        for variable_name, variable in dataset.variables.items():
            place = f"datasets.{name}.variables.{variable_name}"
            dims = dataset.dims_of(variable)
            require_known(place, dims, dataset.coordinates, "coordinate")
            chunks = dataset.chunks_of(variable)
            if len(dims) != len(chunks):
                raise ValueError(f"{place}: the lengths of a chunk are {chunks}, and the dimensions {dims}")
