"""The texts that people read in a terminal: failed assertions and the traffic of a test."""
