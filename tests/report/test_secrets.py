"""Secrets of the environment and passwords in URLs appear in no report."""

import pytest

from pytest_whoosh import Whoosh
from pytest_whoosh.report.secrets import hider, secrets_in
from tests.conftest import PERSON, SENDER

KEY = "sk_live_51H8x/yz+AB="


def hide(text, **environment):
    return hider(secrets_in(environment))(text)


@pytest.mark.parametrize(
    "name",
    [
        "STRIPE_API_KEY", "STRIPE_APIKEY", "SECRET_KEY", "GITHUB_TOKEN", "githubtoken", "DB_PASSWORD", "MYSQL_PWD",
        "PGPASSWORD", "SSH_PASSPHRASE", "GOOGLE_CREDENTIALS", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "KEY",
        "BASIC_AUTH", "JWT", "PRIVATE_KEY", "TWILIO_AUTH_TOKEN", "my_secret",
    ],
)  # fmt: skip
def test_a_variable_that_is_named_like_a_secret_is_secret(name):
    assert secrets_in({name: "hunter2!"}) == {"hunter2!": name}


@pytest.mark.parametrize(
    "name",
    [
        "HOME", "PATH", "PWD", "OLDPWD", "KEYBOARD", "AUTHOR", "COMPASS", "SSH_AUTH_SOCK", "TOKEN_TTL", "SECRET_FILE",
        "TWILIO_ACCOUNT_SID", "PYTEST_CURRENT_TEST", "LANG",
    ],
)  # fmt: skip
def test_a_variable_that_is_named_otherwise_is_not_secret(name):
    assert secrets_in({name: "hunter2!"}) == {}


@pytest.mark.parametrize("value", ["", "abc", "true", "False", "None", "4096", "disabled"])
def test_a_plain_value_is_not_secret(value):
    assert secrets_in({"TOKEN": value}) == {}


def test_the_password_in_the_url_of_another_variable_is_secret():
    environment = {
        "DATABASE_URL": "postgres://shop:hunter2!@db/shop",
        "SITE": "https://app.example/@home",
        "A": "://[@",
    }

    assert secrets_in(environment) == {"hunter2!": "DATABASE_URL"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"key {KEY}.", "key [STRIPE_KEY hidden]."),
        (f"{KEY}{KEY}", "[STRIPE_KEY hidden][STRIPE_KEY hidden]"),
        ("/?k=sk_live_51H8x%2Fyz%2BAB%3D&b=1", "/?k=[STRIPE_KEY hidden]&b=1"),
        ("/?k=sk_live_51H8x/yz%2BAB%3D", "/?k=[STRIPE_KEY hidden]"),
        ("nothing to hide", "nothing to hide"),
        ("", ""),
    ],
    ids=["in a sentence", "twice", "in a URL", "in a URL, with slashes", "not there", "no text"],
)
def test_a_secret_is_replaced_by_a_mark_that_names_it(text, shown):
    assert hide(text, STRIPE_KEY=KEY) == shown


def test_a_short_secret_is_looked_for_as_a_word_only():
    text = "the latest test, test_1 and detests"

    assert hide(text, DB_PASSWORD="test") == "the latest [DB_PASSWORD hidden], test_1 and detests"


def test_the_longer_of_two_secrets_is_hidden_first():
    text = "hunter2! and hunter2!hunter2!"

    assert hide(text, A_KEY="hunter2!", B_KEY="hunter2!hunter2!") == "[A_KEY hidden] and [B_KEY hidden]"


def test_a_secret_of_several_lines_is_hidden_line_by_line_and_with_its_line_ends_escaped():
    pem = "-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END KEY-----\n"

    assert hide(f"E  {pem.splitlines()[1]}", PEM_KEY=pem) == "E  [PEM_KEY hidden]"
    assert hide(repr(pem.strip()), PEM_KEY=pem) == "'[PEM_KEY hidden]'"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://shop:hunter2@app.example/x", "https://shop:[password hidden]@app.example/x"),
        ("https://:hunter2@app.example/x", "https://:[password hidden]@app.example/x"),
        ("to 'http://a:b@c/' and http://d:e@f", "to 'http://a:[password hidden]@c/' and http://d:[password hidden]@f"),
        ("https://shop:p@ss@app.example", "https://shop:[password hidden]@app.example"),
        ("https://app.example:8000/?mail=me@app.example", "https://app.example:8000/?mail=me@app.example"),
        ("https://shop@app.example/", "https://shop@app.example/"),
        ("me@app.example", "me@app.example"),
    ],
)
def test_passwords_in_urls_are_hidden_whatever_the_environment(text, shown):
    assert hide(text) == shown
    assert hide(shown) == shown


# The double


@pytest.fixture
def stripe(monkeypatch):
    monkeypatch.setenv("STRIPE_KEY", KEY)


def test_the_snapshot_of_a_double_shows_no_secret(stripe):
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [f"{'a' * 1990}{KEY}".encode()]

    with Whoosh() as whoosh:
        whoosh.mount("https://app.example", app)
        whoosh.add_number(SENDER, sms_url=f"https://shop:hunter2@app.example/?k={KEY}")
        whoosh.receive(f"It’s {KEY}", from_=PERSON, to=SENDER, media=[f"https://cdn.example/{KEY}.png"])

    assert "[STRIPE_KEY hidden]" in str(whoosh.snapshot())
    assert "https://shop:[password hidden]@app.example/?k=[STRIPE_KEY hidden]" in str(whoosh.snapshot())
    assert KEY not in str(whoosh.snapshot())
    assert whoosh.snapshot()["webhooks"][0]["answer"] == "a" * 1990 + "[STRIPE_KE…"
    assert "hunter2" not in str(whoosh.snapshot())


def test_a_text_with_a_hidden_secret_shows_no_segments(stripe):
    with Whoosh() as whoosh:
        whoosh.receive("a" * 200 + KEY, from_=PERSON, to=SENDER)

    message = whoosh.snapshot()["messages"][0]

    assert (message["body"], message["num_segments"]) == ("a" * 200 + "[STRIPE_KEY hidden]", 2)
    assert "cuts" not in message


def test_the_traffic_shows_no_secret_even_in_shortened_texts(stripe):
    with Whoosh() as whoosh:
        whoosh.add_number(SENDER, sms_url=f"https://shop:hunter2@app.example/?k={KEY}")
        whoosh.receive("a" * 50 + KEY, from_=PERSON, to=SENDER)

    lines = whoosh.traffic().splitlines()

    assert lines[2].endswith(f"received: '{'a' * 50}[STRIPE_KE…'")
    assert lines[5].endswith(
        "POST https://shop:[password hidden]@app.example/?k=[STRIPE_KEY hidden]  "
        "not delivered: nothing is mounted there"
    )


def test_real_credentials_that_gave_way_to_the_fakes_are_hidden_and_the_fakes_are_not(monkeypatch):
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "real token of ours")
    with Whoosh() as whoosh:
        whoosh.receive(f"real token of ours {whoosh.auth_token}", from_=PERSON, to=SENDER)

        inside = whoosh.snapshot()["messages"][0]["body"]

    assert inside == whoosh.snapshot()["messages"][0]["body"] == f"[TWILIO_AUTH_TOKEN hidden] {whoosh.auth_token}"


def test_an_assertion_hides_passwords_in_urls(client, whoosh):
    client.messages.create(to=PERSON, from_=SENDER, body="Hi", status_callback="https://shop:hunter2@app.example/s")
    whoosh.settle()

    with pytest.raises(AssertionError) as failure:
        whoosh.assert_callbacks(whoosh.outbox[0], "read")

    assert "POST https://shop:[password hidden]@app.example/s  not delivered" in str(failure.value)
    assert "hunter2" not in repr(whoosh.callbacks)
