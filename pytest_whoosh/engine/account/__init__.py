"""An account and the resources that it owns."""
