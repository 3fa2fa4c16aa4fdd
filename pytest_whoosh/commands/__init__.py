"""The commands of the command line: ``serve``, ``segments`` and ``guide``."""
