"""The engine simulates the life of messages in virtual time."""
