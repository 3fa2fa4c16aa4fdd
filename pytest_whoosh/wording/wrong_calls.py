"""Explains a call of a public method with wrong arguments, which Python refuses before the method runs."""

import inspect
import re
from types import MappingProxyType, ModuleType
from typing import Final

from pytest_whoosh.engine.misuse import did_you_mean

#: The texts of Python about a method that is called with wrong arguments.
_REFUSED: Final = re.compile(
    r"(?P<owner>\w+)\.(?P<method>\w+)\(\) "
    r"(?:got an unexpected keyword argument '(?P<keyword>\w+)'|takes |missing |got multiple values )"
)
_OWNERS: Final = frozenset({"CallRule", "Callback", "Message", "Messages", "Phone", "Queue", "Reply", "Rule", "Whoosh"})
#: Keywords that people try, with the right ones.
_SYNONYMS: Final = MappingProxyType({"mins": "minutes", "secs": "seconds", "hrs": "hours", "wait": "after"})
#: Methods without criteria, with the ones that take them.
_WITH_CRITERIA: Final = MappingProxyType({"assert_nothing_sent": "assert_not_sent"})


def explain_wrong_call(error: TypeError, package: ModuleType) -> str | None:
    """Return the right keyword, if one is near, and the parameters of the method; None for all other errors.

    ``package`` is the package with the public classes.
    """
    found = _REFUSED.match(str(error))
    if found is None or found["owner"] not in _OWNERS:
        return None
    method = getattr(getattr(package, found["owner"]), found["method"], None)
    if method is None:
        return None
    signature = inspect.signature(method)
    shown = [each.replace(annotation=each.empty) for each in signature.parameters.values() if each.name != "self"]
    names = [each.name for each in shown if each.kind in (each.KEYWORD_ONLY, each.POSITIONAL_OR_KEYWORD)]
    synonyms = {theirs: own for theirs, own in _SYNONYMS.items() if own in names}
    meant = did_you_mean(found["keyword"], names, synonyms) if found["keyword"] else ""
    if found["keyword"] and found["method"] in _WITH_CRITERIA:
        meant = f"Did you mean {_WITH_CRITERIA[found['method']]}({found['keyword']}=...)?"
    parameters = signature.replace(parameters=shown, return_annotation=signature.empty)
    return f"{meant} Its parameters: {found['method']}{parameters}.".lstrip()
