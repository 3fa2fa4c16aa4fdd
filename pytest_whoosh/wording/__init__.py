"""Everything that a person reads in a terminal."""
