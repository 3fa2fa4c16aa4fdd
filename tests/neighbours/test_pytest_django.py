"""``pytest-django`` beside the fake, in a process of its own: webhooks reach the app, in-process or over its server."""

import pytest

from .conftest import needs

pytestmark = needs("pytest_django", "django")

SETTINGS = """
SECRET_KEY = "secret"
ROOT_URLCONF = "project"
ALLOWED_HOSTS = ["*"]
USE_TZ = True
STATIC_URL = "static/"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
"""

PROJECT = '''
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.urls import path
from twilio.request_validator import RequestValidator
from twilio.rest import Client


def remind(callback):
    return Client().messages.create(to="+15558675310", from_="+15557122661", body="Hi", status_callback=callback)


def status(request):
    """Notes the status as a user's name, for want of a table of its own."""
    url, signature = request.build_absolute_uri(), request.headers["X-Twilio-Signature"]
    valid = RequestValidator(settings.AUTH_TOKEN).validate(url, request.POST, signature)
    User.objects.create(username=request.POST["MessageStatus"], last_name=str(valid))
    return HttpResponse("noted")


urlpatterns = [path("status", status)]
'''

TESTS = """
import pytest
from django.contrib.auth.models import User
from django.core.wsgi import get_wsgi_application
from project import remind


@pytest.fixture(autouse=True)
def token(whoosh, settings):
    settings.AUTH_TOKEN = whoosh.auth_token


def noted():
    return list(User.objects.order_by("pk").values_list("username", "last_name"))


@pytest.mark.django_db
def test_in_process_in_the_tests_own_transaction(whoosh):
    whoosh.mount("https://app.example", get_wsgi_application())
    remind("https://app.example/status")
    whoosh.settle()
    assert [call.response_body for call in whoosh.callbacks] == ["noted", "noted"]
    assert noted() == [("sent", "True"), ("delivered", "True")]


def test_live_server_before_ours(live_server, whoosh):
    whoosh.mount(live_server.url)
    remind(f"{live_server.url}/status")
    whoosh.travel(days=1)
    assert [call.response_body for call in whoosh.callbacks] == ["noted", "noted"]
    assert noted() == [("sent", "True"), ("delivered", "True")]


def test_live_server_after_ours(whoosh, live_server):
    whoosh.mount(live_server.url)
    remind(f"{live_server.url}/status")
    whoosh.settle()
    assert noted() == [("sent", "True"), ("delivered", "True")]


@pytest.mark.whoosh(callbacks="http")
def test_live_server_over_http(whoosh, live_server):
    remind(f"{live_server.url}/status")
    whoosh.settle()
    assert noted() == [("sent", "True"), ("delivered", "True")]

"""


@pytest.mark.parametrize("clock", ["time_machine", "freezegun"])
def test_webhooks_reach_a_django_app(run, pytester, clock):
    pytester.makepyfile(project=PROJECT, project_settings=SETTINGS)
    hidden = "" if clock == "time_machine" else "import sys\nsys.modules['time_machine'] = None\n"
    pytester.makeconftest(hidden)

    result = run(TESTS, "--ds=project_settings", plugins=("pytest_django.plugin",))

    result.assert_outcomes(passed=4)
