"""The GSM-7 alphabet and its extension table (3GPP TS 23.038, section 6.2.1), without national shifts."""

from typing import Final

ESCAPE: Final = "\x1b"

#: A character's index is its code. Each row has sixteen characters.
ALPHABET: Final = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)

#: The characters that take one septet.
BASIC: Final = frozenset(ALPHABET) - {ESCAPE}

#: The characters that take two septets: the escape and a second code.
EXTENSION: Final = frozenset("\f^{}\\[~]|€")
