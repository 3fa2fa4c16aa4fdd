"""Smart encoding: replaces characters by GSM-7 characters that look alike."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from .segments import forces_ucs2

#: Each replacement with the characters that it replaces, from Twilio's message segment calculator. A replacement can be
#: wider than the original: an ellipsis becomes three full stops, a tab seven spaces, most spaces two. Accented letters
#: outside GSM-7 are not replaced. Combining marks, spaces and controls are written as escapes.
_REPLACED_BY: Final[Mapping[str, str]] = {
    # Quotation marks
    '"': "«»ʺˮ“”„‟❝❞〝〞＂",
    "'": "`´ʹʻʼʽˈˊˋ‘’‛❛❜︐︑＇\u0313\u0314",
    # Punctuation and symbols
    "!": "ǃ︕﹗！",
    "!!": "‼",
    "#": "﹟＃",
    "$": "﹩＄",
    "%": "﹪％",
    "&": "﹠＆",
    "(": "❨❪⟮⦅﹙（",
    ")": "❩❫⟯⦆﹚）",
    "*": "⁎∗⊛✢✣✤✥✱✲✳✺✻✼✽❃❉❊❋⧆﹡＊",
    "+": "˖﹢＋",
    ",": "‚、﹐﹑，､\u0326",
    "-": "‐–—―•⁃⎼⎽﹣－",
    ".": "。﹒．｡",
    "...": "…",
    "/": "÷⁄∕⧸／\u0337\u0338",
    ":": "ː˸⦂꞉︓：",
    ";": "⁏︔﹔；",
    "<": "‹﹤＜",
    "=": "꞊﹦＝\u0347",
    ">": "›﹥＞",
    "?": "︖﹖？",
    "@": "﹫＠",
    "[": "［",
    "\\": "⧵⧹﹨＼\u20e5",
    "]": "］",
    "^": "ˆ＾\u0302\u1dcd",
    "_": "‗＿\u0332",
    "{": "❴﹛｛",
    "|": "∣⎜⎟⎸⎹⏐｜\u20d2\u20d3",
    "}": "❵﹜｝",
    "~": "˜˷∼～\u0303\u0330\u0334",
    # Digits, and fractions that become three characters
    "0": "０",
    "1": "１",
    "2": "２",
    "3": "３",
    "4": "４",
    "5": "５",
    "6": "６",
    "7": "７",
    "8": "８",
    "9": "９",
    "1/4": "¼",
    "1/2": "½",
    "3/4": "¾",
    # Letters: fullwidth, and small capitals
    "A": "ᴀＡ",
    "B": "ʙＢ",
    "C": "ᴄＣ",
    "D": "ᴅＤ",
    "E": "ᴇＥ",
    "F": "ꜰＦ",
    "G": "ɢＧ",
    "H": "ʜＨ",
    "I": "ɪＩ",
    "J": "ᴊＪ",
    "K": "ᴋＫ",
    "L": "ʟＬ",
    "M": "ᴍＭ",
    "N": "ɴＮ",
    "O": "ᴏＯ",
    "P": "ᴘＰ",
    "Q": "Ｑ",
    "R": "ʀＲ",
    "S": "ꜱＳ",
    "T": "ᴛＴ",
    "U": "ᴜＵ",
    "V": "ᴠＶ",
    "W": "ᴡＷ",
    "X": "Ｘ",
    "Y": "ʏＹ",
    "Z": "ᴢＺ",
    # Spaces, and controls that become spaces
    " ": "\u2001\u2028\u2029",
    "  ": "\x80\x8d\x90\x9b\x9f\xa0\u2000\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000",
    "       ": "\t",
    # Removed: characters without width, and controls
    "": "\x00\x03\x04\x10\x11\x12\x13\x14\x17\x19\u200b\u200c\u2060\ufeff",
}

#: The replacement for each character.
REPLACEMENTS: Final[Mapping[str, str]] = MappingProxyType(
    {character: replacement for replacement, characters in _REPLACED_BY.items() for character in characters}
)

_TABLE: Final = str.maketrans(dict(REPLACEMENTS))


def smart_encode(body: str) -> str:
    """Replace characters that look like GSM-7 characters (Whoosh: Message resource, SmartEncoded parameter).

    Follows "Twilio: Smart Encoding". Characters without a look-alike stay, and can still force UCS-2.
    """
    return body.translate(_TABLE)


def look_alike(character: str) -> str | None:
    """Return the replacement for a character that is not in GSM-7, or None."""
    encoded = smart_encode(character)
    return None if forces_ucs2(encoded) else encoded
