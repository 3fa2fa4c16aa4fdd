"""Messages: their records, fields, lifecycle and order in lists."""
