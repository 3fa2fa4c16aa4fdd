"""The operations of the control API: one module for each reason to change."""

from . import assertions, double, people, provisioning, reading, scripting, travel, webhooks

#: Every operation, in the order in which they are described.
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
