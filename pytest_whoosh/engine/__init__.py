"""The engine: the life of messages, in virtual time."""
