"""A test's rules: which messages and API calls they match, how the API answers then, and what becomes of a message."""
