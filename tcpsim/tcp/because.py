"""A check's reason in words, with the numbers it compared.

Made when somebody reads, from the variables as they stood before the check.
"""

from __future__ import annotations

from typing import Any, Final

from .segment import ACK, FIN, RST, SYN, URG, flag_names
from .seq import MASK
from .states import State

#: Names of the variables that a check's record keeps, in order.
NUMBERS: Final = (
    "state",
    "rcv_nxt",
    "rcv_wnd",
    "snd_una",
    "snd_nxt",
    "max_snd_wnd",
    "iss",
    "fin_seq",
)

#: The RFC's place of each check.
PLACES: Final = {
    "check_closed": "The connection is CLOSED",
    "check_rst_in_listen": "First, check for a RST",
    "check_ack_in_listen": "Second, check for an ACK",
    "check_syn_in_listen": "Third, check for a SYN",
    "check_other_in_listen": "Fourth, other data or control",
    "check_ack_in_syn_sent": "First, check the ACK bit",
    "check_rst_in_syn_sent": "Second, check the RST bit",
    "check_syn_in_syn_sent": "Fourth, check the SYN bit",
    "check_other_in_syn_sent": "Fifth, neither SYN nor RST",
    "check_sequence": "First, check sequence number",
    "check_rst": "Second, check the RST bit",
    "check_security": "Third, check security",
    "check_syn": "Fourth, check the SYN bit",
    "check_ack": "Fifth, check the ACK field",
    "check_urg": "Sixth, check the URG bit",
    "process_text": "Seventh, process the segment text",
    "check_fin": "Eighth, check the FIN bit",
}


def because(check: str, flags: int, seq: int, ack: int, octets: int, numbers: tuple[Any, ...]) -> str:
    """Why ``check`` concluded what it did about a segment with these fields.

    ``octets``: of data.  ``numbers``: the variables of ``NUMBERS`` before the check.
    """
    state, rcv_nxt, rcv_wnd, snd_una, snd_nxt, max_snd_wnd, _, fin_seq = numbers
    length = octets + bool(flags & SYN) + bool(flags & FIN)
    if check == "check_sequence":
        return _sequence(seq, length, rcv_nxt, rcv_wnd)
    if check == "check_rst":
        if not flags & RST:
            return "RST is off"
        return f"RST at SEG.SEQ {seq}; RCV.NXT is {rcv_nxt}, the window ends before {(rcv_nxt + rcv_wnd) & MASK}"
    if check in ("check_syn", "check_syn_in_listen", "check_syn_in_syn_sent"):
        return f"SYN at SEG.SEQ {seq} in {State(state)}" if flags & SYN else "SYN is off"
    if check in ("check_ack", "check_ack_in_syn_sent"):
        return _ack(flags, ack, snd_una, snd_nxt, max_snd_wnd, fin_seq)
    if check in ("check_rst_in_listen", "check_rst_in_syn_sent"):
        return "RST is on" if flags & RST else "RST is off"
    if check == "check_ack_in_listen":
        return f"SEG.ACK {ack}, but nothing was sent" if flags & ACK else "ACK is off"
    if check == "process_text":
        return f"{octets} octets at SEG.SEQ {seq}; RCV.NXT is {rcv_nxt}" if octets else "no text"
    if check == "check_fin":
        return f"FIN at {(seq + length - 1) & MASK}; RCV.NXT was {rcv_nxt}" if flags & FIN else "FIN is off"
    if check == "check_security":
        return "no compartments here"
    if check == "check_urg":
        return "URG is on" if flags & URG else "URG is off"
    return f"flags {flag_names(flags)} in {State(state)}"


def _sequence(seq: int, length: int, rcv_nxt: int, rcv_wnd: int) -> str:
    if not rcv_wnd:
        return f"SEG.SEQ {seq}, SEG.LEN {length}; the window is closed at RCV.NXT {rcv_nxt}"
    last = (rcv_nxt + rcv_wnd - 1) & MASK
    starts_in = (seq - rcv_nxt) & MASK < rcv_wnd
    ends_in = bool(length) and (seq + length - 1 - rcv_nxt) & MASK < rcv_wnd
    span = f"SEG.SEQ {seq}" if length <= 1 else f"SEG.SEQ {seq} .. {(seq + length - 1) & MASK}"
    word = (
        "is in" if starts_in and (ends_in or not length) else "reaches into" if starts_in or ends_in else "is not in"
    )
    return f"{span} {word} RCV.NXT {rcv_nxt} .. {last}"


def _ack(flags: int, ack: int, snd_una: int, snd_nxt: int, max_snd_wnd: int, fin_seq: int | None) -> str:
    if not flags & ACK:
        return "ACK is off"
    ahead = (ack - snd_una) & MASK
    sent = (snd_nxt - snd_una) & MASK
    if 0 < ahead <= sent:
        fin = "" if fin_seq is None else ", which covers our FIN" if ack == (fin_seq + 1) & MASK else ", not our FIN"
        return f"SND.UNA {snd_una} < SEG.ACK {ack} =< SND.NXT {snd_nxt}{fin}"
    if not ahead:
        return f"SEG.ACK {ack} is SND.UNA: nothing new"
    if ahead < 1 << 31:
        return f"SEG.ACK {ack} > SND.NXT {snd_nxt}"
    oldest = (snd_una - max_snd_wnd) & MASK
    word = ">=" if (ack - oldest) & MASK < 1 << 31 else "<"
    return f"SEG.ACK {ack} < SND.UNA {snd_una}, and {word} SND.UNA - MAX.SND.WND = {oldest}"
