"""Virtual time: the app's clock, and the methods that advance it."""
