"""A portrait out of a photo somebody sends: small, turned upright, and nothing in it but the picture. No Django."""

from __future__ import annotations

import io

from PIL import Image, ImageOps, UnidentifiedImageError

LARGEST_FILE = 8_000_000  # bytes a telephone's photo may have
LARGEST_SIDE = 12_000
MOST_PIXELS = 40_000_000
SIDE = 640
AT_MOST = 200_000  # bytes of what is kept
FORMATS = ("JPEG", "PNG", "WEBP")


class BadPicture(ValueError):
    """Why a file is no portrait: ``large``, ``unfolds`` or ``no_picture``."""


def portrait(data: bytes) -> bytes:
    """A JPEG of at most 640 × 640 pixels and 200,000 bytes, encoded anew.

    Place, time, camera and whatever else the file carried stay behind. Raises :class:`BadPicture` for a file that is
    too large, no picture, or a picture that would unfold to more than 40 million pixels.
    """
    if len(data) > LARGEST_FILE:
        raise BadPicture("large")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as found:
            if max(found.size) > LARGEST_SIDE or found.size[0] * found.size[1] > MOST_PIXELS:
                raise BadPicture("unfolds")
            found.draft("RGB", (SIDE * 2, SIDE * 2))
            upright = ImageOps.exif_transpose(found).convert("RGBA")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as failure:
        if isinstance(failure, BadPicture):
            raise
        raise BadPicture("no_picture") from failure
    upright.thumbnail((SIDE, SIDE))
    flat = Image.new("RGB", upright.size, "white")
    flat.paste(upright, mask=upright.getchannel("A"))
    for quality in (86, 74, 60, 45, 30):
        out = io.BytesIO()
        flat.save(out, "JPEG", quality=quality, optimize=True)
        if out.tell() <= AT_MOST:
            break
    return out.getvalue()
