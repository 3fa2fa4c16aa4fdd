"""What happens to messages, in virtual time."""
