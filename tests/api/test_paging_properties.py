"""Lists of messages that come and go, compared with a sorted list."""

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import freezegun
from hypothesis import given
from hypothesis import strategies as st
from twilio.rest import Client

from pytest_whoosh import Message, Whoosh

from .conftest import Api

START = datetime(2030, 6, 15, 12, tzinfo=UTC)
PEOPLE = ["+15558675310", "+15558675311"]
SENDERS = ["+15557122661", "+15557122662"]

#: The steps before the list is read. A message is sent to a person from a sender, or through a service if
#: the sender is None. Or time advances, or a message is deleted.
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.sampled_from(PEOPLE), st.sampled_from([*SENDERS, None])),
        st.tuples(st.just("wait"), st.integers(0, 4)),
        st.tuples(st.just("delete"), st.integers(0, 20)),
    ),
    max_size=25,
)
FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "To": st.sampled_from(PEOPLE),
        "From": st.sampled_from(SENDERS),
        "DateSent>": st.integers(0, 20),
        "DateSent<": st.integers(0, 20),
    },
)


def live(whoosh: Whoosh, steps: list[tuple[object, ...]]) -> None:
    client = Client(whoosh.account_sid, whoosh.auth_token)
    service = whoosh.add_messaging_service("Reminders", senders=SENDERS)
    for step in steps:
        match step:
            case "send", to, from_:
                sender = {"from_": from_} if from_ else {"messaging_service_sid": service.sid}
                client.messages.create(to=to, body="Hi", **sender)
            case "wait", seconds:
                whoosh.travel(seconds=seconds)
            case "delete", number:
                deletable = [message for message in whoosh.outbox if message.date_sent and not message.deleted]
                if deletable:
                    client.messages(deletable[number % len(deletable)].sid).delete()


def expected(whoosh: Whoosh, filters: dict[str, object]) -> list[str]:
    """Return the messages of a list, by the simplest algorithm."""

    def matches(message: Message) -> bool:
        after, before = (filters.get(name) for name in ("DateSent>", "DateSent<"))
        dated = after is not None or before is not None
        seconds = (message.date_sent - START).total_seconds() if message.date_sent else None
        return (
            not message.deleted
            and filters.get("To") in (None, message.to)
            and filters.get("From") in (None, message.from_)
            and (not dated or seconds is not None)
            and (after is None or seconds >= after)
            and (before is None or seconds <= before)
        )

    numbered = enumerate(whoosh.outbox)
    ordered = sorted(numbered, key=lambda pair: (pair[1].date_sent or pair[1].date_created, pair[0]), reverse=True)
    return [message.sid for _, message in ordered if matches(message)]


def as_query(filters: dict[str, object], size: int) -> str:
    texts = {
        name: value if isinstance(value, str) else f"{START + timedelta(seconds=value):%Y-%m-%dT%H:%M:%SZ}"
        for name, value in filters.items()
    }
    return "&".join(f"{quote(name)}={quote(text)}" for name, text in {**texts, "PageSize": str(size)}.items())


def read(api: Api, uri: str | None, link: str) -> list[dict[str, object]]:
    """Return a page and the pages that it links to, forward or back."""
    pages = []
    while uri:
        pages.append(api.call("GET", uri).json())
        uri = pages[-1][link]
    return pages


@given(steps=STEPS, filters=FILTERS, size=st.integers(1, 7))
def test_pages_agree_with_a_sorted_and_filtered_list(
    steps: list[tuple[object, ...]], filters: dict[str, object], size: int
) -> None:
    with freezegun.freeze_time(START), Whoosh() as whoosh:
        api = Api(whoosh)
        live(whoosh, steps)
        wanted = expected(whoosh, filters)

        forward = read(api, f"{api.path()}.json?{as_query(filters, size)}", "next_page_uri")
        back = read(api, forward[-1]["previous_page_uri"], "previous_page_uri")

        pages = [[message["sid"] for message in page["messages"]] for page in forward]
        assert pages == ([wanted[at : at + size] for at in range(0, len(wanted), size)] or [[]])
        assert [[message["sid"] for message in page["messages"]] for page in back] == pages[-2::-1]
        assert [(page["start"], page["end"]) for page in forward] == [
            (at, min(at + size, len(wanted)) - 1) for at in range(0, len(wanted), size)
        ] or [(0, 0)]
