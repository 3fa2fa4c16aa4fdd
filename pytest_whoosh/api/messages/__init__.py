"""The Message resource and its subresources."""
