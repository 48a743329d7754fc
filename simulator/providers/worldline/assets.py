"""What lies under `assetUrl`: the logos of the payment products, drawn by us."""

from __future__ import annotations

import io
from functools import cache

from simulator.engine.provider import Call, Page, Reply
from simulator.engine.runtime import Runtime
from simulator.kernel.refusals import NotFound
from simulator.providers.worldline.products import PRODUCTS

_SIZE = (96, 48)


def show_logo(call: Call, runtime: Runtime) -> Reply:
    """A picture of the product's name."""
    label = next((p.label for p in PRODUCTS.values() if p.logo.endswith(f"/{call.path['logo']}")), None)
    if label is None:
        raise NotFound("logo", call.path["logo"])
    return Reply(200, _drawn(label), {"cache-control": "public, max-age=3600"}, content_type="image/png")


@cache
def _drawn(label: str) -> bytes:
    from PIL import Image, ImageDraw

    image = Image.new("RGB", _SIZE, "#FFFFFF")
    centre = (_SIZE[0] / 2, _SIZE[1] / 2)
    ImageDraw.Draw(image).text(centre, label, fill="#14181A", anchor="mm")
    out = io.BytesIO()
    image.save(out, format="PNG")
    return out.getvalue()


PAGES = (Page("GET", "/templates/master/global/css/img/ppimages/{logo}", show_logo),)
