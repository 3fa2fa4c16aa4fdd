"""Wrong arguments of public methods: Python's own text, with the right keyword and the parameters below it."""

import pytest


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            'whoosh.assert_nothing_sent(to="+15558675310")',
            [
                "Whoosh.assert_nothing_sent() got an unexpected keyword argument 'to'",
                "Did you mean assert_not_sent(to=...)? Its parameters: assert_nothing_sent().",
            ],
        ),
        (
            'whoosh.when().reject(21610, error_message="x")',
            [
                "Rule.reject() got an unexpected keyword argument 'error_message'",
                "Did you mean 'message'? Its parameters: reject(code, status=None, *, message=None).",
            ],
        ),
        (
            'whoosh.when_called("GET", "/Calls.json").respond(503, body="x")',
            [
                "Rule.respond() got an unexpected keyword argument 'body'",
                "Its parameters: respond(status, json=None, *, text=None, content=None, headers=None).",
            ],
        ),
        (
            "whoosh.when().timeout(5)",
            [
                "Rule.timeout() takes 1 positional argument but 2 were given",
                "Its parameters: timeout(*, connecting=False, sent=False).",
            ],
        ),
        (
            "whoosh.travel(mins=1)",
            [
                "Whoosh.travel() got an unexpected keyword argument 'mins'",
                (
                    "Did you mean 'minutes'? "
                    "Its parameters: travel(to=None, *, weeks=0, days=0, hours=0, minutes=0, seconds=0)."
                ),
            ],
        ),
        (
            'whoosh.receive("Hi", "+15558675310", "+15557122661")',
            [
                "Whoosh.receive() takes from 1 to 2 positional arguments but 4 were given",
                "Its parameters: receive(body='', *, from_, to, media=(), **params).",
            ],
        ),
        (
            "whoosh.set_price()",
            [
                "Whoosh.set_price() missing 2 required positional arguments: 'country' and 'price'",
                "Its parameters: set_price(country, price).",
            ],
        ),
        (
            'whoosh.outbox.one("Hi")',
            [
                "Messages.one() takes 1 positional argument but 2 were given",
                "Its parameters: one(**match).",
            ],
        ),
    ],
    ids=["criteria", "a keyword", "a base class", "by position", "a unit", "people", "nothing", "a filter"],
)
def test_a_wrong_call_shows_the_parameters(pytester: pytest.Pytester, call: str, said: list[str]) -> None:
    pytester.makepyfile(f"def test_it(whoosh):\n    {call}")

    result = pytester.runpytest()

    result.assert_outcomes(failed=1)
    first, *rest = said
    shown = [line.removeprefix("E").strip() for line in result.outlines if line.startswith("E ")]
    assert shown == [f"TypeError: {first}", *rest]


def test_a_wrong_call_of_a_setup_method_shows_the_tests_line_only(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(whoosh):\n    whoosh.opt_out('+15558675310')")

    result = pytester.runpytest()

    result.stdout.fnmatch_lines(["E       Its parameters: opt_out(person, sender)."])
    result.stdout.no_fnmatch_line("*pytest_whoosh/*")


def test_a_wrong_call_of_the_app_is_left_alone(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        class Message:
            def shout(self):
                pass

        def test_it(whoosh):
            Message().shout(1)
        """
    )

    result = pytester.runpytest()

    assert "Its parameters" not in result.stdout.str()
