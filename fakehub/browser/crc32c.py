"""CRC32C with NumPy (``google_crc32c.cext``), many times as fast as a loop in Python.

Long data are cut into lanes of equal length, whose checksums are computed side by side. The checksum of two lanes in
a row follows from the two and the length of the second. A CRC is linear: zeros after the first lane multiply it by a
matrix of bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from google_crc32c._checksum import CommonChecksum

_POLYNOMIAL = 0x82F63B78
_ONES = 0xFFFFFFFF
_LANES = 4096
# Shorter data are not worth the lanes.
_SHORT = 8192


def _table() -> Any:
    values = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        values = np.where(values & 1, values >> 1 ^ _POLYNOMIAL, values >> 1).astype(np.uint32)
    return values


_TABLE = _table()
_BYTES = [int(value) for value in _TABLE]


class Checksum(CommonChecksum):
    """The checksum of data that arrive in pieces."""

    __slots__ = ("_crc",)

    def update(self, data: bytes) -> None:
        """Add ``data``."""
        self._crc = extend(self._crc, data)


def value(data: bytes) -> int:
    """Return the checksum of ``data``."""
    return extend(0, data)


def extend(crc: int, data: bytes) -> int:
    """Return the checksum of data whose checksum is ``crc``, followed by ``data``."""
    register = crc ^ _ONES
    view = np.frombuffer(data, np.uint8)
    if len(view) >= _SHORT:
        size = len(view) // _LANES
        register = _in_lanes(register, view[: size * _LANES].reshape(_LANES, size))
        view = view[size * _LANES :]
    for byte in view.tolist():
        register = register >> 8 ^ _BYTES[(register ^ byte) & 0xFF]
    return register ^ _ONES


def _in_lanes(register: int, lanes: Any) -> int:
    """Return the register after the bytes of all ``lanes``, one row after the other."""
    registers = np.zeros(len(lanes), np.uint32)
    registers[0] = register
    for column in np.ascontiguousarray(lanes.T):
        registers = registers >> np.uint32(8) ^ _TABLE[(registers ^ column) & np.uint32(0xFF)]
    zeros = _zeros(lanes.shape[1])
    while len(registers) > 1:  # join neighbours, until one is left
        registers = _times(zeros, registers[0::2]) ^ registers[1::2]
        zeros = _times(zeros, zeros)
    return int(registers[0])


def _zeros(count: int) -> Any:
    """Return the matrix that ``count`` bytes of zeros multiply a register by: the images of its 32 bits."""
    result = np.uint32(1) << np.arange(32, dtype=np.uint32)
    power = result >> np.uint32(8) ^ _TABLE[result & np.uint32(0xFF)]  # of one byte
    while count:
        if count & 1:
            result = _times(power, result)
        power = _times(power, power)
        count >>= 1
    return result


def _times(matrix: Any, registers: Any) -> Any:
    """Multiply ``registers`` by a matrix of bits."""
    product = np.zeros_like(registers)
    for bit in range(32):
        product ^= np.where(registers >> np.uint32(bit) & np.uint32(1), matrix[bit], np.uint32(0))
    return product
