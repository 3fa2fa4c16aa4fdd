"""The fake behind a real server, for other processes and other languages; needs the extra ``server``."""
