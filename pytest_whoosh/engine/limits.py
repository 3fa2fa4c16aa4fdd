"""The vendor's limits: one row each, with the page or error code that states it."""

from datetime import timedelta
from decimal import Decimal
from typing import Final

# Requests

#: The largest body of a request, in bytes (20413). The vendor documents that there is a limit, but not its size. This
#: one is far above the largest valid form, so an overlong text still gets the error code for its parameter.
LARGEST_REQUEST: Final = 8 * 1024 * 1024

# Messages. See https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource

#: The most characters of a message's body, in UTF-16 code units (21617).
LONGEST_BODY: Final = 1600
#: The most media of one message (21623).
MOST_MEDIA: Final = 10
#: The longest and the default validity period, in seconds (21624). A sender's queue is this long too.
LONGEST_VALIDITY: Final = 14400
#: The most tags of one message.
MOST_TAGS: Final = 10
#: The longest lead of a scheduled message (35114).
LONGEST_SCHEDULE: Final = timedelta(days=35)

# Resources

#: The most characters of a ``FriendlyName`` (20002, 20422).
LONGEST_NAME: Final = 64
#: The most characters of a webhook's URL.
LONGEST_URL: Final = 4000
#: The most phone numbers in a sender pool (21714).
MOST_POOLED_NUMBERS: Final = 400
#: The default and the largest size of a page of a list (20007).
PAGE_SIZE: Final = 50
LARGEST_PAGE: Final = 1000
#: The balance that an account starts with, in US dollars.
STARTING_BALANCE: Final = Decimal("100.00")

# Inbound messages. See https://www.twilio.com/docs/messaging/twiml

#: The most messages that one TwiML document sends (14109).
MOST_REPLIES: Final = 10

# Verify. See https://www.twilio.com/docs/verify/api/rate-limits-and-timeouts and the error codes in parentheses

#: The most characters of a Verify service's name (60200).
LONGEST_VERIFY_NAME: Final = 30
#: The lengths that a code may have (60200).
SHORTEST_CODE: Final = 4
LONGEST_CODE: Final = 10
#: How long a code is valid after it was first sent.
CODE_LIFETIME: Final = timedelta(minutes=10)
#: How often the code of one verification is sent (60203), and how often it may be checked (60202).
MOST_SENDS: Final = 5
MOST_CHECKS: Final = 5
#: The most rate limits of a service (60207), and the most buckets of a rate limit (60210).
MOST_RATE_LIMITS: Final = 10
MOST_BUCKETS: Final = 10

# Deactivations. See https://www.twilio.com/docs/messaging/api/deactivations-resource

#: How long the report of a day stays available (30113).
OLDEST_REPORT: Final = timedelta(days=60)
#: How long the URL of a report is valid.
REPORT_URL_LIFETIME: Final = timedelta(minutes=2)
