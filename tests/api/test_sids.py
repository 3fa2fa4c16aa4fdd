"""SIDs: well-formed, distinct, and the same in every run and on every machine, even with many threads."""

import re
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from pytest_whoosh import Whoosh
from tests.conftest import PERSON, SENDER

THREADS = 8
EACH = 25


def record(**settings: object) -> list[str]:
    """Return the SIDs that a small test sees."""
    with Whoosh(**settings) as whoosh:
        client = Client(whoosh.account_sid, whoosh.auth_token)
        service = whoosh.add_messaging_service("Reminders", senders=[SENDER])
        return [
            service.sid,
            whoosh.add_application().sid,
            whoosh.add_number("+15557122662").sid,
            whoosh.add_short_code("12345").sid,
            client.messages.create(to=PERSON, from_=SENDER, body="Hi").sid,
            client.messages.create(to=PERSON, from_=SENDER, media_url=["https://app.example/cat.png"]).sid,
            client.messages.create(to=PERSON, messaging_service_sid=service.sid, body="Hi").sid,
        ]


def test_a_test_sees_the_same_sids_on_every_run() -> None:
    assert record() == record()


def test_sids_are_the_same_on_every_machine() -> None:
    with Whoosh() as whoosh:
        message = Client(whoosh.account_sid, whoosh.auth_token).messages.create(to=PERSON, from_=SENDER, body="Hi")

    assert message.sid == "SMf784696e7bfd6b4e31a9ea4400000001"


def test_another_seed_gives_other_sids() -> None:
    kinds = [record(seed=seed) for seed in (0, 1, -1, 2**70)]

    assert len({sid for sids in kinds for sid in sids}) == sum(map(len, kinds))


@pytest.mark.parametrize("seed", [0, 1, -7])
def test_sids_are_well_formed_and_distinct(seed: int) -> None:
    sids = record(seed=seed)

    assert [sid[:2] for sid in sids] == ["MG", "AP", "PN", "SC", "SM", "MM", "SM"]
    assert all(re.fullmatch("[A-Z]{2}[0-9a-f]{32}", sid) for sid in sids)
    assert len(set(sids)) == len(sids)


def test_messages_of_all_kinds_share_a_counter(client: Client) -> None:
    text = client.messages.create(to=PERSON, from_=SENDER, body="Hi")
    media = client.messages.create(to=PERSON, from_=SENDER, media_url=["https://app.example/cat.png"])

    assert (text.sid[-8:], media.sid[-8:]) == ("00000001", "00000002")


def test_a_refused_message_uses_no_sid_up(whoosh: Whoosh, client: Client) -> None:
    whoosh.when(body="no").reject(30007)
    for body in ("", "no"):
        with pytest.raises(TwilioRestException):
            client.messages.create(to=PERSON, from_=SENDER, body=body)

    assert client.messages.create(to=PERSON, from_=SENDER, body="Hi").sid.endswith("00000001")


def test_eight_threads_at_once_lose_nothing_and_mix_nothing_up(whoosh: Whoosh) -> None:
    start = threading.Barrier(THREADS)

    def work(thread: int) -> list[str]:
        client = Client(whoosh.account_sid, whoosh.auth_token)
        start.wait()
        return [
            client.messages.create(to=PERSON, from_=SENDER, body=f"{thread}-{number}").sid
            for number in range(1, EACH + 1)
        ]

    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(work, range(THREADS)))

    sent = {message.sid: message.body for message in whoosh.outbox}
    assert [[sent[sid] for sid in sids] for sids in answers] == [
        [f"{thread}-{number}" for number in range(1, EACH + 1)] for thread in range(THREADS)
    ]
    assert len(whoosh.outbox) == len(sent) == THREADS * EACH
    assert sorted(sent) == list(sent)


def test_each_thread_sees_its_own_messages_in_order(whoosh: Whoosh) -> None:
    def work(thread: int) -> None:
        client = Client(whoosh.account_sid, whoosh.auth_token)
        for number in range(EACH):
            client.messages.create(to=PERSON, from_=SENDER, body=f"{thread}-{number:02}")

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, range(THREADS)))
    whoosh.settle()

    bodies = [message.body for message in whoosh.outbox]
    listed = [message.body for message in Client(whoosh.account_sid, whoosh.auth_token).messages.list(page_size=17)]
    assert listed == bodies[::-1]
    assert all(
        [body for body in bodies if body.startswith(f"{thread}-")] == [f"{thread}-{n:02}" for n in range(EACH)]
        for thread in range(THREADS)
    )
    assert Counter(message.status for message in whoosh.outbox) == {"delivered": THREADS * EACH}


def test_threads_that_read_and_write_at_once_never_see_half_a_message(whoosh: Whoosh) -> None:
    def write(_: int) -> None:
        client = Client(whoosh.account_sid, whoosh.auth_token)
        for _ in range(EACH):
            client.messages.create(to=PERSON, from_=SENDER, body="Hi")

    def read(_: int) -> list[int]:
        client = Client(whoosh.account_sid, whoosh.auth_token)
        return [len(client.messages.list(page_size=50)) for _ in range(EACH)]

    with ThreadPoolExecutor(THREADS) as pool:
        writes = [pool.submit(write, thread) for thread in range(THREADS // 2)]
        reads = [pool.submit(read, thread) for thread in range(THREADS // 2)]
        for done in writes:
            done.result()
        seen = [done.result() for done in reads]

    assert all(counts == sorted(counts) for counts in seen)
    assert len(whoosh.outbox) == THREADS // 2 * EACH
