"""The carrier: chooses senders, moves messages from status to status, and prices them."""
