"""The ways in: one module per HTTP library that intercepts the app's requests, and the guard."""
