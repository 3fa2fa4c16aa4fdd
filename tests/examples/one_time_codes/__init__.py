"""Logging in with a code that comes by text message."""

from .app import create_app
from .database import Database
from .sms import Config

__all__ = ["Config", "Database", "create_app"]
