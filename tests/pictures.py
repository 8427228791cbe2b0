"""Put the screenshots of ``tests/e2e/test_every_page.py`` on one sheet a page: phone and desk, light and dark.

ROCHDALE_PICTURES=/tmp/pictures make test ARGS="tests/e2e/test_every_page.py"
python -m tests.pictures /tmp/pictures docs/pictures
"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

VIEWS = (("light", 390), ("dark", 390), ("light", 1280), ("dark", 1280))
SCALE = 0.33
TALLEST = 1600  # of a screenshot, before scaling: what lies further down is the page's tail
GAP = 12


def sheet(folder: Path, name: str) -> Image.Image:
    """The four views of one page, side by side."""
    views = []
    for scheme, width in VIEWS:
        picture = Image.open(folder / f"{name}-{scheme}-{width}.png").convert("RGB")
        picture = picture.crop((0, 0, picture.width, min(picture.height, TALLEST)))
        views.append(picture.resize((int(picture.width * SCALE), int(picture.height * SCALE)), Image.LANCZOS))
    width = sum(view.width for view in views) + GAP * (len(views) + 1)
    paper = Image.new("RGB", (width, max(view.height for view in views) + 2 * GAP), "#8d8674")
    left = GAP
    for view in views:
        paper.paste(view, (left, GAP))
        left += view.width + GAP
    return paper


def main(source: str, target: str) -> None:
    folder, into = Path(source), Path(target)
    into.mkdir(parents=True, exist_ok=True)
    ending = f"-{VIEWS[0][0]}-{VIEWS[0][1]}.png"
    for first in sorted(folder.glob(f"*{ending}")):
        name = first.name.removesuffix(ending)
        if all((folder / f"{name}-{scheme}-{width}.png").exists() for scheme, width in VIEWS):
            sheet(folder, name).save(into / f"{name}.webp", quality=45, method=6)


if __name__ == "__main__":
    main(*sys.argv[1:3])
