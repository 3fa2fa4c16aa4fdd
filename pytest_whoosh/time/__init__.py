"""Virtual time: the app's clock, and what advances it."""
