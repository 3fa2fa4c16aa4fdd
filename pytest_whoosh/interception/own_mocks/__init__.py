"""Hands calls over to the user's own mocks of the HTTP libraries."""
