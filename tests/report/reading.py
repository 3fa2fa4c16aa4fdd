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
    data = re.search(r'<script type="application/(json|octet-stream)" id="run">([^<]*)</script>', text)
    assert data, "the page holds no run"
    form, written = data.groups()
    return json.loads(written if form == "json" else gzip.decompress(base64.b64decode(written)))
