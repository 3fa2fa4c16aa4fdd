"""Something to look at: what went to and fro, as data and as pages."""
