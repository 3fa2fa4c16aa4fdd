"""How a request reaches the fake, and how a webhook leaves it."""
