"""Inbound messages: conversations, webhooks and TwiML."""
