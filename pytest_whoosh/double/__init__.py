"""The parts of the class ``Whoosh``: its methods by task, and the steps that they share."""
