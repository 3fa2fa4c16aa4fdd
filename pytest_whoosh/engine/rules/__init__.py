"""A test's rules: they match messages and API calls, script the API's answer, and script a message's journey."""
