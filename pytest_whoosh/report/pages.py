"""Renders the pages. Each is one file with its styles and scripts, and its policy allows nothing else."""

import base64
import gzip
import hashlib
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from .run import Run

_STYLES: Final = ("style.css",)
_PARTS: Final = (
    "dom.js",
    "moments.js",
    "bodies.js",
    "timelines.js",
    "messages.js",
    "conversations.js",
    "appearance.js",
)
_REPORT: Final = ("run.js", "list.js", "test.js", "report.js")
_LIVE: Final = ("server.js", "controls.js", "inbox.js", "live.js")

#: The longest JSON of a run that is not compressed. It can be searched in the file, as with ``grep``.
_LONGEST_PLAIN: Final = 1_000_000


class _Data(NamedTuple):
    """The data of a page, as the content of a ``script`` element that is not run."""

    type: str
    text: str


def render_report(run: Run) -> str:
    """Return the report of a run as HTML."""
    return _page("report.html", (*_PARTS, *_REPORT), title=run.project, data=_data("".join(run.document())))


def live_page() -> str:
    """Return the live page of a server as HTML. It contains no data, and requests the data from the server."""
    return _page("live.html", (*_PARTS, *_LIVE), connect="'self'", title="Whoosh")


def _page(template: str, scripts: Iterable[str], *, connect: str = "'none'", **values: object) -> str:
    styles, codes = [_text(name) for name in _STYLES], [_text(name) for name in scripts]
    policy = "; ".join(
        [
            "default-src 'none'",
            f"style-src {' '.join(map(_hash, styles))}",
            f"script-src {' '.join(map(_hash, codes))}",
            f"connect-src {connect}",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )
    # Our own styles and scripts are not escaped, because the policy contains their hashes. Users' texts are escaped.
    ours = {"styles": list(map(Markup, styles)), "scripts": list(map(Markup, codes))}
    return _environment().get_template(template).render(policy=policy, **ours, **values)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    loader = PackageLoader("pytest_whoosh.report")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def _text(name: str) -> str:
    environment = _environment()
    assert environment.loader
    text, _, _ = environment.loader.get_source(environment, name)
    return text.replace("\r\n", "\n")  # browsers normalise line ends before they hash


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _data(document: str) -> _Data:
    """Return JSON for a page, compressed if it is long. The same JSON gives the same data."""
    if len(document) <= _LONGEST_PLAIN:
        return _Data("application/json", Markup(document.replace("<", r"\u003c")))  # no text can end the element
    packed = gzip.compress(document.encode(), mtime=0)
    return _Data("application/octet-stream", base64.b64encode(packed).decode())
