"""Webhooks: their parameters, signatures, retries and cookies."""
