"""A message: its record, its life and its place in lists."""
