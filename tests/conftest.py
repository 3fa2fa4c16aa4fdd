"""What every test of ours shares."""

from hypothesis import settings

pytest_plugins = ["pytester"]

# The same examples on every run and machine; a slow machine is not a failure.
settings.register_profile("deterministic", derandomize=True, deadline=None)
settings.load_profile("deterministic")
