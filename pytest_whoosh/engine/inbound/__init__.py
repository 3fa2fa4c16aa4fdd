"""Inbound messages: conversations and the TwiML that an app answers."""
