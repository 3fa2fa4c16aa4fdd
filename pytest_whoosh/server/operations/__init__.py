"""The operations of the control API, one module for each group."""

from . import assertions, double, people, provisioning, reading, scripting, travel, webhooks

#: Every operation, in the order of the description.
OPERATIONS = (
    double.STATUS,
    *reading.OPERATIONS,
    *travel.OPERATIONS,
    *scripting.OPERATIONS,
    *people.OPERATIONS,
    *webhooks.OPERATIONS,
    *assertions.OPERATIONS,
    *provisioning.OPERATIONS,
    double.RESET,
)
