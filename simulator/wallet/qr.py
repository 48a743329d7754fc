"""QR codes: rendered when asked for, as PNG or as half blocks for a terminal. Libraries are loaded only then."""

from __future__ import annotations

import io
from functools import lru_cache


@lru_cache(maxsize=256)
def png(text: str, scale: int = 8) -> bytes:
    """Dark `#14181A` on white with a quiet zone of two modules."""
    import qrcode
    from qrcode.constants import ERROR_CORRECT_M
    from qrcode.image.pil import PilImage

    qr_code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, box_size=scale, border=2)
    qr_code.add_data(text)
    qr_code.make(fit=True)
    image = qr_code.make_image(PilImage, fill_color="#14181A", back_color="#FFFFFF")
    out = io.BytesIO()
    image.save(out, format="PNG")
    return out.getvalue()


def matrix(text: str, border: int = 2) -> list[list[bool]]:
    """True is a dark module."""
    import qrcode
    from qrcode.constants import ERROR_CORRECT_L

    qr_code = qrcode.QRCode(error_correction=ERROR_CORRECT_L, border=border)
    qr_code.add_data(text)
    qr_code.make(fit=True)
    return [[bool(cell) for cell in row] for row in qr_code.get_matrix()]


def terminal(text: str, *, invert: bool = False) -> str:
    """Half blocks, light modules printed, quiet zone 2; `invert` for light terminals."""
    rows = matrix(text)
    if len(rows) % 2:
        rows.append([False] * len(rows[0]))
    blocks = {(False, False): "█", (False, True): "▀", (True, False): "▄", (True, True): " "}
    if invert:
        blocks = {(not a, not b): block for (a, b), block in blocks.items()}
    return "\n".join(
        "".join(blocks[upper, lower] for upper, lower in zip(top, bottom, strict=True))
        for top, bottom in zip(rows[::2], rows[1::2], strict=True)
    )
