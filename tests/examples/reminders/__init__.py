"""Elm Street Dental's appointments, and the text messages about them."""

from .app import Config, create_app
from .store import Store

__all__ = ["Config", "Store", "create_app"]
