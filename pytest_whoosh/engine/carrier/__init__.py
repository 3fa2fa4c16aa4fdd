"""The carrier: chooses senders, moves messages onward and applies the rules of a test."""
