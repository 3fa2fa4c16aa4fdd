"""``whoosh.mount_django`` under ``pytest-django``: views run in the test's thread, connection and transaction."""

import pytest

from .conftest import needs

pytestmark = needs("pytest_django", "django")

SETTINGS = """
SECRET_KEY = "secret"
ROOT_URLCONF = "project"
ALLOWED_HOSTS = ["shop.example"]
USE_TZ = True
STATIC_URL = "static/"
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "database.sqlite3"}}
APPLICATION
"""
APPLICATIONS = {
    "default": "",
    "wsgi": 'WSGI_APPLICATION = "deployed.wsgi"',
    "asgi": 'WSGI_APPLICATION = "nowhere.wsgi"\nASGI_APPLICATION = "deployed.asgi"',
}
DEPLOYED = """
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application

seen = []
django_asgi, django_wsgi = get_asgi_application(), get_wsgi_application()

def wsgi(environ, start_response):
    seen.append("wsgi")
    return django_wsgi(environ, start_response)

async def asgi(scope, receive, send):
    seen.append(scope["type"])
    await django_asgi(scope, receive, send)
"""
PROJECT = """
import threading
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.urls import path
from twilio.rest import Client

threads = []


def remind(path):
    url = f"https://app.example/{path}"
    Client().messages.create(to="+15558675310", from_="+15557122661", body="Hi", status_callback=url)


def status(request):
    threads.append(threading.get_ident())
    User.objects.create(username=request.POST["MessageStatus"], last_name=request.build_absolute_uri())
    return HttpResponse("noted")


async def astatus(request):
    await User.objects.acreate(username=request.POST["MessageStatus"], last_name=request.build_absolute_uri())
    return HttpResponse("noted")


def fail(request):
    User.objects.get(username="nobody")


async def afail(request):
    await User.objects.aget(username="nobody")


def noted():
    return list(User.objects.order_by("pk").values_list("username", "last_name"))


def both(name):
    return [("sent", f"https://app.example/{name}"), ("delivered", f"https://app.example/{name}")]


urlpatterns = [path("status", status), path("astatus", astatus), path("fail", fail), path("afail", afail)]
"""
TESTS = """
import asyncio
import threading
import pytest
from asgiref.sync import sync_to_async
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.test import TestCase, TransactionTestCase
from pytest_whoosh import Whoosh, WhooshError
from project import both, noted, remind, threads


@pytest.fixture
def django(whoosh):
    threads.clear()
    whoosh.mount_django("https://app.example")


@pytest.fixture(params=["status", "astatus"])
def view(request):
    return request.param


def settle(whoosh, view):
    remind(view)
    whoosh.settle()
    assert [call.error or call.response_body for call in whoosh.callbacks] == ["noted", "noted"]


def test_db(db, whoosh, django, view):
    User.objects.create(username="mine")
    settle(whoosh, view)
    assert noted() == [("mine", ""), *both(view)]
    assert set(threads) <= {threading.get_ident()}


def test_db_is_rolled_back(db):
    assert noted() == []


def test_transactional_db(transactional_db, whoosh, django, view):
    settle(whoosh, view)
    assert noted() == both(view)


def test_live_server(live_server, whoosh, django, view):
    settle(whoosh, view)
    assert noted() == both(view)


def test_transactional_db_is_flushed(db):
    assert noted() == []


class TestOfDjango(TestCase):
    @Whoosh()
    def test_test_case(self, whoosh):
        whoosh.mount_django("https://app.example")
        settle(whoosh, "status")
        self.assertEqual(noted(), both("status"))

    @Whoosh()
    async def test_awaited(self, whoosh):
        whoosh.mount_django("https://app.example")
        for view in ("status", "astatus"):
            await sync_to_async(remind)(view)
            await whoosh.asettle()
            await User.objects.all().adelete()
        self.assertEqual([call.error or call.response_body for call in whoosh.callbacks], ["noted"] * 4)

    @Whoosh()
    async def test_in_sync_to_async(self, whoosh):
        whoosh.mount_django("https://app.example")
        await sync_to_async(settle)(whoosh, "status")


class TestOfTransactions(TransactionTestCase):
    @Whoosh()
    def test_test_case(self, whoosh):
        whoosh.mount_django("https://app.example")
        settle(whoosh, "astatus")
        self.assertEqual(noted(), both("astatus"))


def test_a_failure_is_seen(db, whoosh, django):
    remind("fail")
    remind("afail")
    whoosh.settle()
    for call in whoosh.callbacks:
        assert (call.response_status, type(call.exception)) == (500, User.DoesNotExist)
        assert "it raised DoesNotExist: User matching query does not exist. (project.py:" in call.error


@pytest.mark.whoosh(app_errors="raise")
def test_a_failure_is_raised(db, whoosh, django):
    remind("fail")
    with pytest.raises(User.DoesNotExist):
        whoosh.settle()


def test_the_host_is_allowed_whatever_else_is_overridden(settings, db, whoosh):
    settings.LANGUAGE_CODE = "de"
    whoosh.mount_django("https://app.example")
    assert "app.example" in settings.ALLOWED_HOSTS
    settings.LANGUAGE_CODE = "fr"
    settle(whoosh, "status")


def test_the_host_is_no_longer_allowed():
    assert "app.example" not in django_settings.ALLOWED_HOSTS
    assert not django_settings.is_overridden("LANGUAGE_CODE")


def test_a_synchronous_travel_in_a_loop_is_refused(transactional_db, whoosh, django):
    async def main():
        await sync_to_async(remind)("status")
        with pytest.raises(WhooshError) as refused:
            whoosh.settle()
        return str(refused.value)

    assert asyncio.run(main()) == (
        "A webhook goes to a Django project, but Django does not use its database in a thread that runs an event loop. "
        "Write `await whoosh.asettle()`."
    )


def test_which_application_is_called(db, whoosh, django):
    settle(whoosh, "status")
    import sys
    deployed = sys.modules.get("deployed")
    assert set(deployed.seen if deployed else []) == EXPECTED


def test_an_application_may_be_given(db, whoosh):
    from django.core.asgi import get_asgi_application
    from django.core.wsgi import get_wsgi_application

    for app in (get_asgi_application(), get_wsgi_application()):
        whoosh.mount_django("https://app.example", app)
        settle(whoosh, "status")
        User.objects.all().delete()
        whoosh.reset()
"""


@pytest.mark.parametrize("deployed", APPLICATIONS)
def test_views_run_in_the_tests_thread_and_transaction(run, pytester: pytest.Pytester, deployed: str) -> None:
    settings = SETTINGS.replace("APPLICATION", APPLICATIONS[deployed])
    pytester.makepyfile(project=PROJECT, project_settings=settings, deployed=DEPLOYED)
    expected = {"default": "set()", "wsgi": "{'wsgi'}", "asgi": "{'http'}"}[deployed]

    result = run(TESTS.replace("EXPECTED", expected), "--ds=project_settings", plugins=("pytest_django.plugin",))

    result.assert_outcomes(passed=19)


def test_without_settings_the_error_says_what_to_write(run) -> None:
    result = run(
        """
        import pytest
        from pytest_whoosh import WhooshError

        def test(whoosh):
            with pytest.raises(WhooshError) as refused:
                whoosh.mount_django("https://app.example")
            assert str(refused.value) == (
                "mount_django() found no Django settings. Set DJANGO_SETTINGS_MODULE, as pytest-django does for "
                "`--ds=project.settings`, or call settings.configure() first."
            )
        """
    )

    result.assert_outcomes(passed=1)


def test_an_application_that_cannot_be_imported_is_named(run, pytester: pytest.Pytester) -> None:
    settings = SETTINGS.replace("APPLICATION", 'WSGI_APPLICATION = "deployed.missing"')
    pytester.makepyfile(project=PROJECT, project_settings=settings, deployed=DEPLOYED)

    result = run(
        """
        import pytest
        from pytest_whoosh import WhooshError

        def test(whoosh):
            with pytest.raises(WhooshError) as refused:
                whoosh.mount_django("https://app.example")
            assert str(refused.value) == (
                "mount_django() cannot import the project's WSGI_APPLICATION, 'deployed.missing': Module "
                "\\"deployed\\" does not define a \\"missing\\" attribute/class. "
                "Correct the setting, or pass the application: "
                "mount_django(base_url, application)."
            )
        """,
        "--ds=project_settings",
        plugins=("pytest_django.plugin",),
    )

    result.assert_outcomes(passed=1)


def test_django_settings_have_the_accounts_values_while_a_double_is_active(run, pytester: pytest.Pytester) -> None:
    settings = SETTINGS.replace("APPLICATION", 'SMS_TOKEN = "real"\nSMS_ACCOUNT = "AC123"')
    pytester.makepyfile(project=PROJECT, project_settings=settings, deployed=DEPLOYED)
    pytester.makeini("[pytest]\nwhoosh_django_settings = SMS_TOKEN = auth_token")

    result = run(
        """
        import pytest
        from django.conf import settings as current
        from django.core.signals import setting_changed
        from django.test import override_settings
        from pytest_whoosh import Whoosh


        def shown():
            return current.SMS_TOKEN, current.SMS_ACCOUNT, getattr(current, "SMS_KEY", None)


        @pytest.fixture(autouse=True)
        def put_back():
            assert shown() == ("real", "AC123", None)
            yield
            assert shown() == ("real", "AC123", None)
            assert not hasattr(current, "SMS_KEY")


        @pytest.mark.whoosh(django_settings={"SMS_ACCOUNT": "account_sid"})
        def test_ini_and_marker(whoosh):
            assert shown() == (whoosh.auth_token, whoosh.account_sid, None)


        def test_a_setting_that_does_not_exist_yet():
            with Whoosh(django_settings={"SMS_KEY": "api_key"}) as whoosh:
                assert shown() == ("real", "AC123", whoosh.api_key)


        @pytest.fixture
        def by_pytest_django(settings):
            settings.SMS_ACCOUNT = "outer"
            settings.LANGUAGE_CODE = "de"


        def test_beside_other_overrides(by_pytest_django, whoosh, settings):
            assert shown() == (whoosh.auth_token, "outer", None)
            settings.SMS_ACCOUNT = "inner"
            assert shown() == (whoosh.auth_token, "inner", None)
            with override_settings(SMS_TOKEN="nearest"):
                assert shown() == ("nearest", "inner", None)
            assert shown() == (whoosh.auth_token, "inner", None)


        def test_an_override_that_ends_first():
            with override_settings(SMS_ACCOUNT="outer"):
                double = Whoosh(django_settings={"SMS_TOKEN": "auth_token"})
                double.__enter__()
            assert shown() == (double.auth_token, "AC123", None)
            double.__exit__(None, None, None)


        def test_caches_of_settings_are_notified():
            heard = []

            def hear(setting, value, enter, **_):
                heard.append((setting, value, enter))

            setting_changed.connect(hear)
            with Whoosh(django_settings={"SMS_TOKEN": "auth_token"}) as whoosh:
                pass
            setting_changed.disconnect(hear)
            assert heard == [("SMS_TOKEN", whoosh.auth_token, True), ("SMS_TOKEN", "real", False)]
        """,
        "--ds=project_settings",
        plugins=("pytest_django.plugin",),
    )

    result.assert_outcomes(passed=5)


def test_django_settings_without_django_say_what_to_write(run) -> None:
    result = run(
        """
        import pytest
        from pytest_whoosh import Whoosh, WhooshError

        def test():
            with pytest.raises(WhooshError) as refused, Whoosh(django_settings={"SMS_TOKEN": "auth_token"}):
                pass
            assert str(refused.value).startswith("The setting django_settings found no Django settings. ")
        """
    )

    result.assert_outcomes(passed=1)
