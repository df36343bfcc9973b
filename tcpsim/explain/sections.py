"""Which sections RFC 9293 has, by number, and which other RFCs may be named: nothing is explained by a section
that does not exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_CONTENTS: Final = """
    1 2 2.1 2.2 3 3.1 3.2 3.2.1 3.2.2 3.3 3.3.1 3.3.2 3.4 3.4.1 3.4.2 3.4.3 3.5 3.5.1 3.5.2 3.5.3 3.6 3.6.1
    3.7 3.7.1 3.7.2 3.7.3 3.7.4 3.7.5 3.8 3.8.1 3.8.2 3.8.3 3.8.4 3.8.5 3.8.6 3.8.6.1 3.8.6.2 3.8.6.2.1
    3.8.6.2.2 3.8.6.3 3.9 3.9.1 3.9.1.1 3.9.1.2 3.9.1.3 3.9.1.4 3.9.1.5 3.9.1.6 3.9.1.7 3.9.1.8 3.9.1.9
    3.9.2 3.9.2.1 3.9.2.2 3.9.2.3 3.10 3.10.1 3.10.2 3.10.3 3.10.4 3.10.5 3.10.6 3.10.7 3.10.7.1 3.10.7.2
    3.10.7.3 3.10.7.4 3.10.8 4 5 6 7 8 8.1 8.2 A A.1 A.1.1 A.1.2 A.2 A.3 A.4 B
"""

#: The table of contents of RFC 9293, numbers only, appendices by letter.
SECTIONS: Final = frozenset(_CONTENTS.split())

#: The other RFCs that an explanation may name, and what each is about.
OTHER_RFCS: Final = {
    793: "TCP, the first edition",
    813: "window and acknowledgment strategy",
    896: "congestion control, and Nagle's algorithm",
    1122: "requirements for hosts",
    1337: "hazards of TIME_WAIT",
    2018: "selective acknowledgments",
    2883: "duplicate selective acknowledgments",
    3042: "limited transmit",
    3168: "explicit congestion notification",
    3465: "appropriate byte counting",
    4015: "the Eifel response",
    4987: "SYN flooding",
    5482: "the user timeout option",
    5681: "congestion control",
    5682: "forward RTO recovery",
    5926: "keys for the authentication option",
    5925: "the authentication option",
    5961: "robustness against blind attacks",
    6093: "the urgent mechanism",
    6191: "timestamps and TIME_WAIT",
    6298: "the retransmission timer",
    6528: "initial sequence numbers",
    6582: "NewReno",
    6633: "ICMP source quench",
    6675: "loss recovery with selective acknowledgments",
    6691: "the MSS option",
    6928: "an initial window of ten segments",
    6937: "proportional rate reduction",
    7323: "window scale, timestamps, PAWS",
    7661: "congestion window validation",
    7413: "TCP fast open",
    8985: "RACK and tail loss probes",
    9293: "TCP",
    9438: "CUBIC",
}

_OTHER: Final = re.compile(r"\bRFC (\d+)(?:,? (?:section )?(\d[\d.]*(?:-\d[\d.]*)?))?")
_NUMBER: Final = re.compile(r"(?<![\w.-])(?:\d+(?:\.\d+)+|\d+(?= \()|(?<=App\. )[AB])(?![\w])")


def sections_named(text: str) -> list[str]:
    """The sections of RFC 9293 that a reference such as ``3.10.7.4 (fifth)`` or ``RFC 9293 3.8.3`` names."""
    own = _OTHER.sub(lambda found: (found[2] or "") if found[1] == "9293" else "", text)
    return [found[0] for found in _NUMBER.finditer(own)]


def faults(text: str) -> Iterator[str]:
    """What a reference names that does not exist, in words."""
    for found in _OTHER.finditer(text):
        if int(found[1]) not in OTHER_RFCS:
            yield f"{text!r} names RFC {found[1]}, which is not in OTHER_RFCS of tcpsim/explain/sections.py"
    for section in sections_named(text):
        if section not in SECTIONS:
            yield f"{text!r} names section {section}, which RFC 9293 does not have"
    if not sections_named(text) and not _OTHER.search(text):
        yield f"{text!r} names no section"


def cited(ref: str) -> str:
    """A reference as it is printed: with the RFC it belongs to."""
    return ref if ref.startswith("RFC ") else f"RFC 9293 {ref}"
