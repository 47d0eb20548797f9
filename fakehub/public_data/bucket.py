"""A public bucket: the names and sizes of its objects, and their content, computed on demand."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator

from fakehub.errors import not_implemented
from fakehub.public_data.catalog import files
from fakehub.public_data.layout import ZarrStore
from hubfacts.public_data import PublicData

# The bytes of computed objects that are kept, besides the last, for readers that read one in parts.
_KEPT_BYTES = 32 * 2**20


class PublicBucket:
    """The stores and files of ``data`` in one bucket of a service. Nothing is computed before it is asked for."""

    def __init__(self, data: PublicData, service: str, name: str) -> None:
        stores = {f"{dataset.path}/": ZarrStore(dataset) for dataset in data.buckets(service)[name]}
        self._files = files(data, service, name)
        self._roots: dict[str, ZarrStore | None] = dict(sorted((stores | dict.fromkeys(self._files)).items()))
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    def names_from(self, start: str, inclusive: bool = True) -> Iterator[str]:
        """Yield the names of the objects in order, from ``start`` on."""
        for root, store in self._roots.items():
            if store is None:
                names = iter([root] if root >= start else [])
            elif start <= root or start.startswith(root):
                names = (root + name for name in store.names_from(start.removeprefix(root) if start > root else ""))
            else:
                continue
            yield from names if inclusive else (name for name in names if name != start)

    def size(self, name: str) -> int | None:
        """Return the size of an object, or ``None`` if there is none of that name."""
        if name in self._files:
            return len(self._files[name])
        store, rest = self._place(name)
        return store.size(rest) if store else None

    def read(self, name: str) -> bytes:
        """Return the content of an object that exists; raise ``GoogleError`` without NumPy."""
        if name in self._files:
            return self._files[name]
        if name not in self._kept:
            self._kept[name] = self._computed(name)
        self._kept.move_to_end(name)
        while len(self._kept) > 1 and sum(map(len, self._kept.values())) > _KEPT_BYTES:
            self._kept.popitem(last=False)
        return self._kept[name]

    def _place(self, name: str) -> tuple[ZarrStore | None, str]:
        """Return the store that an object is in, and its name there."""
        found = ((store, name.removeprefix(root)) for root, store in self._roots.items() if name.startswith(root))
        return next(found, (None, name))

    def _computed(self, name: str) -> bytes:
        store, rest = self._place(name)
        assert store
        if rest in store.documents:
            return store.documents[rest]
        chunk = store.find_chunk(rest)
        assert chunk
        try:
            from fakehub.public_data.chunks import chunk_bytes
        except ImportError:
            raise not_implemented("chunks of public data without NumPy: pip install 'fakehub[public-data]'") from None
        return chunk_bytes(store, *chunk)
