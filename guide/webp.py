"""Encode images as WebP."""

from __future__ import annotations

import io

from PIL import Image


def encode_webp(image: Image.Image, quality: int, method: int) -> bytes:
    """Return ``image`` as WebP: lossless, or lossy with this ``quality`` if that is smaller.

    ``method`` is the effort of the encoder, from 0 (fast) to 6 (small).
    """
    encoded = []
    for options in ({"lossless": True}, {"quality": quality}):
        out = io.BytesIO()
        image.save(out, "WEBP", method=method, **options)
        encoded.append(out.getvalue())
    return min(encoded, key=len)
