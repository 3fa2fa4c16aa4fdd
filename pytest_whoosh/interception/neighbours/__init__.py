"""Other mocks of the same HTTP libraries that need special handling beside ours."""
