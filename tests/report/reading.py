"""Reads the data of the run in a page, as the page itself does."""

import base64
import gzip
import json
import re
from pathlib import Path
from typing import Any


def run_in(page: Path | str) -> dict[str, Any]:
    """Return the run in a page."""
    text = page if isinstance(page, str) else page.read_text(encoding="utf-8")
    packed = re.search(r'<script type="application/octet-stream" id="run">([^<]*)</script>', text)
    assert packed, "the page holds no run"
    return json.loads(gzip.decompress(base64.b64decode(packed[1])))
