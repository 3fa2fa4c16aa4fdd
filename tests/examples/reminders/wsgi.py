"""The app as a web server runs it: `flask --app reminders.wsgi run`."""

import os

from . import Config, Store, create_app

app = create_app(
    Config(
        sender=os.environ["CLINIC_NUMBER"],
        messaging_service=os.environ["CLINIC_MESSAGING_SERVICE"],
        public_url=os.environ["PUBLIC_URL"],
        auth_token=os.environ["WHOOSH_AUTH_TOKEN"],
    ),
    Store("reminders.sqlite3"),
)
