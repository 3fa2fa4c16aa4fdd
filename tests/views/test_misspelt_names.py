"""A misspelt name: the error suggests the right one."""

from collections.abc import Callable

import pytest

from pytest_whoosh import Whoosh
from tests.conftest import PERSON, SENDER

Send = Callable[..., object]

MEANT = {
    "whoosh.assert_snet": "Whoosh has no attribute 'assert_snet'. Did you mean 'assert_sent'?",
    "whoosh.assert_callback": "Whoosh has no attribute 'assert_callback'. Did you mean 'assert_callbacks'?",
    "whoosh.sent": "Whoosh has no attribute 'sent'. Did you mean 'outbox'?",
    "whoosh.tick": "Whoosh has no attribute 'tick'. Did you mean travel(seconds=...)?",
    "whoosh.advance": "Whoosh has no attribute 'advance'. Did you mean travel(seconds=...)?",
    "whoosh.add_phone_number": "Whoosh has no attribute 'add_phone_number'. Did you mean add_number(...)?",
    "whoosh.add_phone_numbr": "Whoosh has no attribute 'add_phone_numbr'. Did you mean add_number(...)?",
    "whoosh.simulate_inbound": "Whoosh has no attribute 'simulate_inbound'. Did you mean receive(...)?",
    "whoosh.drain": "Whoosh has no attribute 'drain'. Did you mean settle()?",
    "whoosh.last_sms": "Whoosh has no attribute 'last_sms'. Did you mean outbox.last()?",
    "whoosh.outbox[0].segment_count": "Message has no attribute 'segment_count'. Did you mean 'num_segments'?",
    "whoosh.colour": "Whoosh has no attribute 'colour'.",
    "whoosh.__wrapped__": "Whoosh has no attribute '__wrapped__'.",
    "whoosh.outbox.first": "Messages has no attribute 'first'. Did you mean [0], as in whoosh.outbox[0]?",
    "whoosh.outbox.fliter": "Messages has no attribute 'fliter'. Did you mean 'filter'?",
    "whoosh.outbox[0].text": "Message has no attribute 'text'. Did you mean 'body'?",
    "whoosh.outbox[0].stauts": "Message has no attribute 'stauts'. Did you mean 'status'?",
    "whoosh.outbox[0].sent_at": "Message has no attribute 'sent_at'. Did you mean 'date_sent'?",
    "whoosh.callbacks[0].status": "Callback has no attribute 'status'. Did you mean params[\"MessageStatus\"]?",
    "whoosh.callbacks[0].message_status": (
        "Callback has no attribute 'message_status'. Did you mean params[\"MessageStatus\"]?"
    ),
    "whoosh.callbacks[0].status_code": "Callback has no attribute 'status_code'. Did you mean 'response_status'?",
    "whoosh.phone('+15558675310').send": "Phone has no attribute 'send'. Did you mean text(...)?",
    "whoosh.receive('Hi', from_='+15558675310', to='+15557122661').text": (
        "Reply has no attribute 'text'. Did you mean replies[0].body?"
    ),
    "whoosh.when().undelivered": "Rule has no attribute 'undelivered'. Did you mean 'undeliver'?",
    "whoosh.when().once": "Rule has no attribute 'once'. Did you mean times(1)?",
    "whoosh.count": "Whoosh has no attribute 'count'. Did you mean len(whoosh.outbox)?",
    "whoosh.fail": "Whoosh has no attribute 'fail'. Did you mean when(...).fail()?",
    "whoosh.lookup": "Whoosh has no attribute 'lookup'. Did you mean 'add_lookup'?",
    "whoosh.assertSent": "Whoosh has no attribute 'assertSent'. Did you mean 'assert_sent'?",
    "whoosh.report": "Whoosh has no attribute 'report'.",
    "whoosh.outbox.body": "Messages has no attribute 'body'. Did you mean last().body, or [0].body?",
    "whoosh.outbox[0].To": "Message has no attribute 'To'. Did you mean 'to'?",
    "whoosh.outbox[0].state": "Message has no attribute 'state'. Did you mean 'status'?",
    "whoosh.outbox[0].is_delivered": ("Message has no attribute 'is_delivered'. Did you mean status == \"delivered\"?"),
    "whoosh.outbox[0].date": (
        "Message has no attribute 'date'. Did you mean 'date_created', 'date_sent' or 'date_updated'?"
    ),
    "whoosh.phone('+15558675310').sent": (
        "Phone has no attribute 'sent'. Did you mean whoosh.inbox.filter(from_=phone.number)?"
    ),
    "whoosh.when().call_count": "Rule has no attribute 'call_count'. Did you mean 'matched'?",
    "whoosh.when().delete": "Rule has no attribute 'delete'. Did you mean remove()?",
    "whoosh.when_called('GET', '/x').respnd": "CallRule has no attribute 'respnd'. Did you mean 'respond'?",
    "whoosh.when_called('GET', '/x').callz": "CallRule has no attribute 'callz'. Did you mean 'calls'?",
    "whoosh.queue('+15557122661').size": "Queue has no attribute 'size'. Did you mean 'depth'?",
}


@pytest.mark.parametrize(("expression", "said"), MEANT.items(), ids=MEANT)
@pytest.mark.whoosh(throughput="realistic")
def test_the_error_of_a_misspelt_name_suggests_the_right_one(
    whoosh: Whoosh, send: Send, expression: str, said: str
) -> None:
    send("Hi", status_callback="https://app.example/status")
    whoosh.settle()

    with pytest.raises(AttributeError) as refusal:
        eval(expression, {"whoosh": whoosh})

    assert str(refusal.value) == said


def test_completion_lists_no_name_of_our_own_modules(whoosh: Whoosh, send: Send) -> None:
    send("Hi", status_callback="https://app.example/status")
    whoosh.settle()
    message = whoosh.assert_sent(to=PERSON, from_=SENDER)

    for shown in (whoosh, whoosh.outbox, message, message.callbacks[0], whoosh.phone(PERSON), whoosh.when()):
        assert [name for name in dir(shown) if name.startswith("_") and not name.startswith("__")] == []
    assert {"answer", "started_doubles", "publish", "reaches", "was_started"} & set(dir(whoosh)) == set()
    assert {"assert_sent", "outbox", "travel", "settings"} <= set(dir(whoosh))


def test_completion_lists_the_methods_of_a_rule(whoosh: Whoosh) -> None:
    public = {name for name in dir(whoosh.when_called("GET", "/Messages.json")) if not name.startswith("_")}

    answers = {"disconnect", "rate_limit", "reject", "respond", "timeout"}
    assert public == answers | {"calls", "left", "match", "matched", "outcome", "remove", "times"}
    journeys = {"deliver", "fail", "read", "stall", "undeliver", "webhooks"}
    assert {name for name in dir(whoosh.when()) if not name.startswith("_")} == (public - {"calls"}) | journeys


@pytest.mark.parametrize(("name", "value"), [("senders", "owned"), ("app_errors", "raise"), ("seed", 1)])
def test_a_setting_of_a_double_cannot_be_set_later(whoosh: Whoosh, name: str, value: object) -> None:
    with pytest.raises(AttributeError) as error:
        setattr(whoosh, name, value)

    assert str(error.value) == (
        f"The setting {name} of a double cannot change. "
        f"Write @pytest.mark.whoosh({name}={value!r}) or Whoosh({name}={value!r})."
    )
    assert name not in dir(whoosh)
    assert not hasattr(whoosh, name)


def test_webhook_parameters_have_the_vendors_names(whoosh: Whoosh) -> None:
    whoosh.add_number("+15557122661")

    with pytest.raises(TypeError) as error:
        whoosh.receive("Hi", from_="+15558675310", to="+15557122661", profile_name="Ann")

    assert str(error.value) == "Webhook parameters have the vendor's names: ProfileName, not profile_name."
