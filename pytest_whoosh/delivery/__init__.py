"""The way out: delivers webhooks to mounted apps and real servers."""
