"""Declares the settings of a double: names, defaults, and readers for values from Python and ini files."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias, TypedDict

from .errors import unknown_name
from .hosts import API_HOST, TWILIO_API_HOST
from .messages.lifecycle import DELAYS, PRICE, Status
from .misuse import is_usage_error
from .sids import Prefix, is_sid, sid_form

__tracebackhide__ = is_usage_error

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION: Final = re.compile(
    r"(?P<amount>\d+(?:\.\d+)?)\s*(?:(?P<unit>s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?)?|h(?:(?:ou)?rs?)?|d(?:ays?)?))?",
    re.IGNORECASE,
)
_SPAN: Final = 'a timedelta, a number of seconds, or a text such as "15 minutes"'
#: The longest duration that a test can set. Longer ones would exceed the calendar.
_LONGEST: Final = timedelta(days=36_500)
#: The values that the settings ``env`` and ``django_settings`` can name.
ACCOUNT_VALUES: Final = ("account_sid", "api_key", "api_secret", "auth_token")
_NAMES: Final = 'a mapping such as {"TWILIO_ACCOUNT": "account_sid"}, or lines such as "TWILIO_ACCOUNT = account_sid"'
_NO_NAMES: Final[Mapping[str, str]] = MappingProxyType({})
#: Separates the delays in a text: commas, spaces or line ends before the next name.
_BETWEEN_DELAYS: Final = re.compile(r"[,\s]+(?=[a-z]+\s*=)", re.IGNORECASE)

#: The hosts that the setting ``url_host`` has names for.
URL_HOSTS: Final[Mapping[str, str]] = MappingProxyType({"twilio": TWILIO_API_HOST, "whoosh": API_HOST})
_HOST: Final = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.?(:[0-9]{1,5})?", re.IGNORECASE)


def _choice(*choices: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        if value in choices:
            return str(value)
        raise ValueError(f"one of {', '.join(map(repr, choices))}")

    return read


def _sid(prefix: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        if isinstance(value, str) and is_sid(value, prefix):
            return value
        raise ValueError(sid_form(prefix))

    return read


def _text(value: object) -> str:
    if isinstance(value, str) and value:
        return value
    raise ValueError("a text that is not empty")


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    words = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
    if isinstance(value, str) and value.strip().lower() in words:
        return words[value.strip().lower()]
    raise ValueError("true or false")


def _integer(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(r"-?\d+", value.strip()):
        return int(value)
    raise ValueError("a whole number")


def duration(value: object) -> timedelta:
    """Read a ``timedelta``, a number of seconds, or a text such as ``"15 minutes"``; never negative."""
    if isinstance(value, str) and (match := _DURATION.fullmatch(value.strip())):
        value = float(match["amount"]) * _UNITS[(match["unit"] or "s")[0].lower()]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            value = timedelta(seconds=value)
        except OverflowError:
            value = timedelta.max
        except ValueError:
            value = None
    if isinstance(value, timedelta) and value > _LONGEST:
        raise ValueError(f"{_SPAN}, of at most {_LONGEST.days:,} days")
    if isinstance(value, timedelta) and value >= timedelta():
        return value
    raise ValueError(_SPAN)


def _url_host(value: object) -> str | None:
    if value is None:
        return None
    host = URL_HOSTS.get(value, value) if isinstance(value, str) else None
    if host and _HOST.fullmatch(host):
        return host
    raise ValueError("'twilio', 'whoosh', or a host such as 'api.dublin.ie1.twilio.com'")


_DELAYS_AS_TEXT: Final = 'delays such as "delivered=5, sent=1m"'


def _delays(value: object) -> Mapping[str, timedelta]:
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        value = ", ".join(value)  # a list in a TOML file
    value = _table(value)
    if isinstance(value, str):
        pairs = [pair.partition("=") for pair in _BETWEEN_DELAYS.split(value.strip(", \n"))]
        if not all(equals for _, equals, _ in pairs):
            raise ValueError(_DELAYS_AS_TEXT)
        value = {name.strip(): amount.strip() for name, _, amount in pairs}
    if not isinstance(value, Mapping):
        raise ValueError('a mapping such as {"delivered": timedelta(seconds=5)}, or "delivered=5, sent=1"')
    given: dict[str, timedelta] = {}
    for name, amount in value.items():
        if name not in DELAYS and name != PRICE:
            raise ValueError("delays by step. " + unknown_name("step", name, (*DELAYS, PRICE)).removesuffix("."))
        try:
            given[str(name)] = duration(amount)
        except ValueError as expected:
            if isinstance(amount, str) and ("," in amount or "\n" in amount):  # the next pair has no equals sign
                raise ValueError(_DELAYS_AS_TEXT) from None
            raise ValueError(f"as the delay of {str(name)!r} {expected}") from None
    # By default a negative receipt takes as long as a positive one, and a failure as long as a handover.
    given.setdefault(Status.UNDELIVERED, given.get(Status.DELIVERED, DELAYS[Status.UNDELIVERED]))
    given.setdefault(Status.FAILED, given.get(Status.SENT, DELAYS[Status.FAILED]))
    return MappingProxyType({**DELAYS, **given})


def _names(value: object) -> Mapping[str, str]:
    """Read the names that the app uses for the account's values."""
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        value = "\n".join(value)  # a list in a TOML file
    value = _table(value)
    if isinstance(value, str):
        pairs = [line.partition("=") for line in value.strip().splitlines() if line.strip()]
        if not all(equals for _, equals, _ in pairs):
            raise ValueError(_NAMES)
        value = {name.strip(): of.strip() for name, _, of in pairs}
    if not isinstance(value, Mapping):
        raise ValueError(_NAMES)
    for name, of in value.items():
        if not isinstance(name, str) or not name.isidentifier():
            raise ValueError(f"{_NAMES}; {name!r} is not the name of a variable")
        if of not in ACCOUNT_VALUES:
            raise ValueError(f"values of the account. {unknown_name('value', of, ACCOUNT_VALUES).removesuffix('.')}")
    return MappingProxyType(dict(value))


def _table(value: object) -> object:
    """Return the mapping of a table in ``[tool.pytest.ini_options]``. pytest passes the text of its ``dict``."""
    if not isinstance(value, str) or not value.lstrip().startswith("{"):
        return value

    from ast import literal_eval

    try:
        read = literal_eval(value.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return value
    return read if isinstance(read, dict) else value


def _setting(read: Callable[[object], Any], default: object, about: str) -> Any:
    return field(default=default, metadata={"read": read, "about": about})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one double; build it with :func:`read_settings`."""

    # The fixed credentials are written in two parts because secret scanners would take them for real ones.
    account_sid: str = _setting(_sid(Prefix.ACCOUNT), "AC" + "f00d" * 8, "SID of the fake account")
    api_key: str = _setting(_sid(Prefix.API_KEY), "SK" + "beef" * 8, "SID of its API key")
    api_secret: str = _setting(_text, "s3cr3tw0" * 4, "secret of its API key")
    auth_token: str = _setting(_text, "cafe" * 8, "its auth token, which signs webhooks")
    credentials: str = _setting(_choice("any", "exact"), "any", "'any' Basic credentials, or 'exact'ly the account's")
    senders: str = _setting(_choice("any", "owned"), "any", "'any' well-formed sender, or only 'owned' ones")
    numbers: str = _setting(
        _choice("possible", "valid"), "possible", "accept every 'possible' number, or only 'valid' ones"
    )
    callback_hosts: str = _setting(
        _choice("any", "public"),
        "any",
        "a StatusCallback can use 'any' host, or only 'public' ones: not this machine or a private address",
    )
    clock: str = _setting(
        _choice("auto", "frozen", "virtual"),
        "auto",
        "'auto': frozen once a test moves time; 'frozen': from the start; 'virtual': never the app's",
    )
    delays: Mapping[str, timedelta] = field(
        default_factory=lambda: DELAYS,
        metadata={"read": _delays, "about": "delay before each status of a message"},
    )
    throughput: str = _setting(
        _choice("unlimited", "realistic"), "unlimited", "'unlimited' or 'realistic' sending rates"
    )
    callbacks: str = _setting(
        _choice("mounted", "http"), "mounted", "webhooks go to 'mounted' apps only, or over 'http' too"
    )
    schedule_minimum: timedelta = _setting(duration, timedelta(minutes=15), "shortest lead of a scheduled send")
    app_errors: str = _setting(
        _choice("record", "raise"), "record", "'record' errors of a mounted app, or 'raise' them in the test too"
    )
    unfaked: str = _setting(
        _choice("refuse", "404"), "refuse", "'refuse' calls to what is not faked, or answer '404' like release 1.0"
    )
    env: Mapping[str, str] = field(
        default_factory=lambda: _NO_NAMES,
        metadata={
            "read": _names,
            "about": "more environment variables for the account's values, one `NAME = account_sid` a line",
        },
    )
    django_settings: Mapping[str, str] = field(
        default_factory=lambda: _NO_NAMES,
        metadata={"read": _names, "about": "Django settings for the account's values, one `NAME = auth_token` a line"},
    )
    guard: bool = _setting(_flag, True, "refuse calls to the vendor from tests without the fixture")
    url_host: str | None = _setting(
        _url_host,
        None,
        "the host in URLs that webhooks carry: 'twilio', 'whoosh' or a host; by default the host that the app called",
    )
    seed: int = _setting(_integer, 0, "part of every generated SID")


#: A duration, as settings and rules accept it.
Duration: TypeAlias = timedelta | float | str


#: A value of the fake account, by its name.
AccountValue: TypeAlias = Literal["account_sid", "api_key", "api_secret", "auth_token"]


class SettingValues(TypedDict, total=False):
    """The settings that a test can pass, for type checkers and completion. One of our tests compares the names."""

    account_sid: str
    api_key: str
    api_secret: str
    auth_token: str
    credentials: Literal["any", "exact"]
    senders: Literal["any", "owned"]
    numbers: Literal["possible", "valid"]
    callback_hosts: Literal["any", "public"]
    clock: Literal["auto", "frozen", "virtual"]
    delays: Mapping[str, Duration] | str
    throughput: Literal["unlimited", "realistic"]
    callbacks: Literal["mounted", "http"]
    schedule_minimum: Duration
    app_errors: Literal["record", "raise"]
    env: Mapping[str, AccountValue] | str
    django_settings: Mapping[str, AccountValue] | str
    unfaked: Literal["refuse", "404"]
    guard: bool
    url_host: str | None
    seed: int


#: The names of all settings, in the order of the documentation.
NAMES: Final = tuple(setting.name for setting in fields(Settings))
#: A short description of each setting.
ABOUT: Final[Mapping[str, str]] = MappingProxyType({each.name: each.metadata["about"] for each in fields(Settings)})
_READERS: Final = {setting.name: setting.metadata["read"] for setting in fields(Settings)}


def read_settings(given: Mapping[str, object]) -> Settings:
    """Check the given settings and add the defaults for the others.

    Raises:
        TypeError: a name is unknown; the text lists the valid ones.
        ValueError: a value is invalid; the text describes the valid ones.
    """
    if not given:
        return _DEFAULTS
    read: dict[str, Any] = {name: read_setting(name, value) for name, value in given.items()}
    if read.get("throughput") == "realistic":  # tests of throughput need moments that are exact to the second
        read.setdefault("clock", "frozen")
    return Settings(**read)


def read_setting(name: str, value: object) -> object:
    """Check the value of one setting, as :func:`read_settings` does."""
    if name not in _READERS:
        raise TypeError(unknown_name("setting", name, NAMES))
    try:
        return _READERS[name](value)
    except ValueError as expected:
        raise ValueError(f"Setting {name!r} cannot be {value!r}: it takes {expected}.") from None


_DEFAULTS: Final = Settings()
