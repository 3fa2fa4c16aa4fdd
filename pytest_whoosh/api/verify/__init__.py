"""Verify, version 2: services, verifications, checks, rate limits and attempts."""
