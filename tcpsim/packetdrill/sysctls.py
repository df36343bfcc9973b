"""Commands that configure a kernel, as changes of the profile.  Nothing is ever run.

A sysctl has a function from its value to switches of ``Profile``; those without effect here are listed as such.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from typing import Any, Final

from ..tcp.errors import TcpsimError
from ..tcp.profiles import PROFILES, RFC9293, Profile, described, get_profile
from ..tcp.units import MS, SECOND
from .endpoint import NotOffered

Switches = dict[str, Any]
Setter = Callable[[str, Profile], Switches]


def _number(value: str) -> int:
    try:
        return int(value.split()[0], 0)
    except (ValueError, IndexError):
        raise NotOffered(f"the sysctl value {value!r}") from None


def _flag(switch: str, on: Any = True, off: Any = False) -> Setter:
    return lambda value, profile: {switch: on if _number(value) else off}


def _ns(switch: str, unit: int) -> Setter:
    return lambda value, profile: {switch: _number(value) * unit}


def _count(switch: str) -> Setter:
    return lambda value, profile: {switch: _number(value)}


def _one_of(switch: str, *values: Any) -> Setter:
    """The value is the place in ``values``."""

    def change(value: str, profile: Profile) -> Switches:
        at = _number(value)
        if at >= len(values):
            raise NotOffered(f"{switch} {at}")
        return {switch: values[at]}

    return change


def _only(*accepted: str) -> Setter:
    """No switch stands for it; the values of the way that it is here are accepted."""

    def change(value: str, profile: Profile) -> Switches:
        if value not in accepted:
            raise NotOffered(f"the sysctl value {value}")
        return {}

    return change


def _nothing(value: str, profile: Profile) -> Switches:
    """It changes nothing that shows here."""
    return {}


def _shift_for(size: int) -> int:
    """The window scale that a buffer of so many octets needs."""
    shift = 0
    while shift < 14 and 65_535 << shift < size:
        shift += 1
    return shift


def _rmem(value: str, profile: Profile) -> Switches:
    """Linux's least, default and largest receive buffer.  Half of the default is offered at first, at most 65535."""
    words = value.split()
    if len(words) != 3:
        raise NotOffered(f"tcp_rmem {value!r}")
    _, default, largest = (int(word, 0) for word in words)
    return {"rcv_buf": default // 2, "window_scale": _shift_for(largest)}


def _scaling(value: str, profile: Profile) -> Switches:
    """Switched on, a shift that Linux's largest buffer needs, if there is none yet."""
    if not _number(value):
        return {"window_scale": None}
    return {} if profile.window_scale is not None else {"window_scale": 7}


def _wmem(value: str, profile: Profile) -> Switches:
    words = value.split()
    if len(words) != 3:
        raise NotOffered(f"tcp_wmem {value!r}")
    return {"snd_buf": int(words[1], 0)}


def _rfc1323(value: str, profile: Profile) -> Switches:
    """FreeBSD: 0 neither, 1 both, 2 window scale alone, 3 timestamps alone."""
    scale, stamps = {0: (0, 0), 1: (1, 1), 2: (1, 0), 3: (0, 1)}.get(_number(value), (1, 1))
    shift = profile.window_scale if profile.window_scale is not None else 6
    return {"window_scale": shift if scale else None, "timestamps": bool(stamps)}


def _maxsockbuf(value: str, profile: Profile) -> Switches:
    return {} if profile.window_scale is None else {"window_scale": _shift_for(_number(value))}


def _control(value: str, profile: Profile) -> Switches:
    if value == "cubic":
        usual = PROFILES[described(profile)[0]].congestion
        return {"congestion": usual if usual.startswith("cubic") else "cubic"}
    name = {"reno": "newreno", "newreno": "newreno"}.get(value)
    if name is None:
        raise NotOffered(f"the congestion control {value}")
    return {"congestion": name}


_LINUX: Final[dict[str, Setter]] = {
    "tcp_rmem": _rmem,
    "tcp_wmem": _wmem,
    "tcp_timestamps": _flag("timestamps"),
    "tcp_window_scaling": _scaling,
    "tcp_sack": _flag("sack"),
    "tcp_dsack": _flag("dsack"),
    "tcp_ecn": _one_of("ecn", "no", "offer", "accept"),
    "tcp_congestion_control": _control,
    "tcp_slow_start_after_idle": _flag("idle_restart"),
    "tcp_mtu_probing": _only("0"),
    "tcp_retries1": _count("r1"),
    "tcp_fin_timeout": _ns("fin_wait_2_timeout", SECOND),
    "tcp_keepalive_time": _ns("keepalive_idle", SECOND),
    "tcp_keepalive_intvl": _ns("keepalive_interval", SECOND),
    "tcp_keepalive_probes": _count("keepalive_probes"),
    "tcp_rfc1337": _flag("time_wait_ignores_rst"),
    "tcp_limit_output_bytes": _nothing,
    "tcp_challenge_ack_limit": _nothing,
    "tcp_invalid_ratelimit": _ns("challenge_period", MS),
    "tcp_syn_linear_timeouts": _count("syn_linear"),
    "tcp_rto_min_us": _ns("rto_min", 1000),
    "tcp_rto_max_ms": _ns("rto_max", MS),
    "tcp_base_mss": _nothing,
    "tcp_early_retrans": _flag("tlp"),
    "tcp_recovery": _flag("rack"),
    "tcp_notsent_lowat": lambda value, profile: {"notsent_lowat": None if _number(value) >= 1 << 31 else _number(value)},
    "tcp_min_tso_segs": _count("tso_segments"),
    "tcp_adv_win_scale": _only("1"),
    **dict.fromkeys(
        ("tcp_syn_retries", "tcp_synack_retries", "tcp_frto", "tcp_fack", "tcp_reordering",
         "tcp_tso_win_divisor", "tcp_ecn_option", "tcp_ecn_option_beacon", "tcp_pacing_ss_ratio",
         "tcp_pacing_ca_ratio", "tcp_fastopen", "tcp_fastopen_key", "tcp_syncookies",
         "tcp_moderate_rcvbuf", "tcp_no_metrics_save", "tcp_no_ssthresh_metrics_save", "tcp_thin_linear_timeouts",
         "tcp_autocorking", "tcp_tso_rtt_log", "tcp_comp_sack_nr", "tcp_comp_sack_delay_ns",
         "tcp_abort_on_overflow", "tcp_max_syn_backlog", "tcp_tw_reuse", "tcp_workaround_signed_windows"),
        _nothing,
    ),
}  # fmt: skip

#: Parameters of kernel modules, as files.
_MODULES: Final[dict[str, Setter]] = {
    "sys.module.tcp_cubic.parameters.hystart": _flag("hystart", "both", "no"),
    "sys.module.tcp_cubic.parameters.hystart_detect": _one_of("hystart", "no", "train", "delay", "both"),
}

_FREEBSD: Final[dict[str, Setter]] = {
    "net.inet.tcp.insecure_rst": _flag("rst_exact", False, True),
    "net.inet.tcp.insecure_syn": _flag("syn_challenged", False, True),
    "net.inet.tcp.insecure_ack": _flag("ack_range_checked", False, True),
    "net.inet.tcp.drop_synfin": _flag("syn_fin_opens", False, True),
    "net.inet.tcp.blackhole": _one_of("blackhole", 0, 1, 2, 2),
    "net.inet.tcp.rfc1323": _rfc1323,
    "net.inet.tcp.sack.enable": _flag("sack"),
    "net.inet.tcp.ecn.enable": _one_of("ecn", "no", "offer", "accept"),
    "net.inet.tcp.recvspace": _count("rcv_buf"),
    "net.inet.tcp.sendspace": _count("snd_buf"),
    "kern.ipc.maxsockbuf": _maxsockbuf,
    "net.inet.tcp.rexmit_initial": _ns("rto_initial", MS),
    "net.inet.tcp.rexmit_slop": _ns("rto_slop", MS),
    "net.inet.tcp.rexmit_min": _ns("rto_min", MS),
    "net.inet.tcp.keepinit": _ns("r2_syn", MS),
    "net.inet.tcp.keepidle": _ns("keepalive_idle", MS),
    "net.inet.tcp.keepintvl": _ns("keepalive_interval", MS),
    "net.inet.tcp.keepcnt": _count("keepalive_probes"),
    "net.inet.tcp.delacktime": _ns("ack_delay", MS),
    "net.inet.tcp.delayed_ack": lambda value, profile: {} if _number(value) else {"ack_delay": 0},
    "net.inet.tcp.msl": _ns("msl", MS),
    "net.inet.tcp.finwait2_timeout": _ns("fin_wait_2_timeout", MS),
    "net.inet.tcp.mssdflt": _count("mss_default"),
    "net.inet.tcp.v6mssdflt": _count("mss_default_ipv6"),
    "net.inet.tcp.initcwnd_segments": _count("initial_window"),
    "net.inet.tcp.cc.algorithm": _control,
    "net.inet.tcp.abc_l_var": _count("slow_start_segments"),
    "net.inet.tcp.rfc3042": _flag("limited_transmit"),
    "net.inet.tcp.rfc6675_pipe": _nothing,
    "net.inet.tcp.do_prr": _flag("prr"),
    "net.inet.tcp.icmp_may_rst": _only("1"),
    "net.inet.tcp.syncookies": _nothing,
    "net.inet.tcp.syncookies_only": _only("0"),
    "net.inet.tcp.rexmit_drop_options": _only("0"),
    "net.inet.tcp.tolerate_missing_ts": _flag("timestamp_required", False, True),
    **dict.fromkeys(
        ("net.inet.tcp.hostcache.purgenow", "net.inet.tcp.hostcache.enable", "net.inet.tcp.nolocaltimewait",
         "net.inet.tcp.per_cpu_timers", "kern.timecounter.alloweddeviation", "net.inet.tcp.sendbuf_auto",
         "net.inet.tcp.recvbuf_auto", "net.inet.tcp.sendbuf_max", "net.inet.tcp.recvbuf_max",
         "net.inet.tcp.functions_default", "net.inet.tcp.fastopen.enabled", "net.inet.tcp.fastopen.server_enable",
         "net.inet.tcp.fastopen.client_enable", "net.inet.tcp.path_mtu_discovery", "net.inet.tcp.pmtud_blackhole_detection",
         "net.inet.tcp.tso", "net.inet.tcp.always_keepalive", "net.inet.tcp.rfc3390",
         "net.inet.tcp.sack.globalmaxholes", "net.inet.tcp.sack.maxholes", "net.inet.tcp.sack.revised",
         "net.inet.tcp.sack.lrd", "net.inet.tcp.minmss", "net.inet.tcp.reass.maxqueuelen", "net.inet.tcp.fast_finwait2_recycle",
         "net.inet.tcp.log_in_vain", "net.inet.icmp.icmplim", "net.inet.tcp.msl_local",
         "net.inet.tcp.ack_war_timewindow", "net.inet.tcp.ack_war_cnt", "net.inet.tcp.udp_tunneling_port",
         "net.inet.tcp.ts_offset_per_conn", "net.inet.tcp.newcwv", "net.inet.tcp.do_lrd", "net.inet.tcp.rexmit_slop_local",
         "kern.ipc.soacceptqueue", "kern.ipc.somaxconn", "net.inet.tcp.isn_reseed_interval", "net.inet.tcp.perconn_stats_enable",
         "net.inet.tcp.syncache.rexmtlimit", "net.inet.tcp.syncache.see_other", "net.inet.tcp.syncache.rst_on_sock_fail"),
        _nothing,
    ),
}  # fmt: skip


#: Sysctls of this package: ``tcpsim.profile``, and one for each switch.
_OWN: Final = "tcpsim."


def own_sysctls(profile: Profile) -> str:
    """The command that selects ``profile``, whatever a script is run under; a kernel's sysctl passes over it."""
    base, differing = described(profile)
    words = [f"{_OWN}profile={base}", *(f"{_OWN}{name}={_written(value)}" for name, value in differing.items())]
    return f"sysctl -e -q {' '.join(words)}"


def _written(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return "none" if value is None else str(int(value) if isinstance(value, bool) else value)


def _own(name: str, value: str, profile: Profile) -> Switches:
    """What ``tcpsim.NAME=VALUE`` selects.  Raises NotOffered for an unknown switch or a value that cannot be."""
    if name == "profile":
        try:
            chosen = get_profile(value)
        except TcpsimError:
            raise NotOffered(f"the profile {value}") from None
        return {field: new for field, new in chosen._asdict().items() if field != "name"}
    if name not in Profile._fields or name == "name":
        raise NotOffered(f"the switch {name}")
    if value == "none":
        return {name: None}
    usual = getattr(RFC9293, name)
    if name in ("ephemeral_ports", "syn_options"):
        parts = tuple(int(part) if part.isdigit() else part for part in value.split(","))
        return {name: parts}
    if isinstance(usual, bool):
        return {name: value == "1"}
    return {name: value if isinstance(usual, str) else _number(value)}


def setter_of(name: str) -> Setter | None:
    """What a sysctl does, by any of its spellings; None for one that is not known."""
    if name.startswith(_OWN):
        return lambda value, profile: _own(name.removeprefix(_OWN), value, profile)
    plain = name.replace("/", ".").removeprefix(".proc.sys.").removeprefix("proc.sys.")
    known = _FREEBSD.get(plain) or _MODULES.get(plain.removeprefix("."))
    if known is not None:
        return known
    for start in ("net.ipv4.", "net.ipv6."):
        if plain.startswith(start):
            return _LINUX.get(plain.removeprefix(start))
    return None


def known_sysctls() -> list[str]:
    """The names of all, for people."""
    return [f"net.ipv4.{name}" for name in sorted(_LINUX)] + sorted(_FREEBSD)


#: What google's defaults.sh sets.
DEFAULTS: Final = (
    ("net.ipv4.tcp_rmem", "4096 540000 15728640"),
    ("net.ipv4.tcp_wmem", "4096 262144 4194304"),
    ("net.ipv4.tcp_timestamps", "1"),
    ("net.ipv4.tcp_sack", "1"),
    ("net.ipv4.tcp_dsack", "1"),
    ("net.ipv4.tcp_congestion_control", "cubic"),
    ("net.ipv4.tcp_slow_start_after_idle", "0"),
    ("net.ipv4.tcp_ecn", "0"),
)

#: Queues of a device that neither delay nor lose here.  (fq paces what is sent; nothing here does.)
_QUEUES: Final = re.compile(
    r"tc qdisc (add|replace|change|del|delete) dev \S+ root( (fq|pfifo|pfifo_fast|fq_codel|noqueue))?$"
)

#: Commands that change nothing here: (the first words, why).
HARMLESS: Final = (
    ("ethtool -K", "segments are cut by the engine, whatever a device could do"),
    ("kldload", "what it would load is there, or a later command tells"),
    ("kldunload", "the same"),
    ("modprobe", "the same"),
    ("ip tcp_metrics flush", "nothing is remembered of hosts"),
    ("rm -f", "there are no files"),
    ("sleep 0", "no time passes"),
    ("true", ""),
    (":", ""),
)
_RESTORE: Final = re.compile(r"/tmp/sysctl_restore_\S+")
_WRITTEN: Final = re.compile(r"echo\s+(\S+)\s*>\s*(/(?:proc/sys|sys/module)/\S+)")
_ARITHMETIC: Final = re.compile(r"\$\(\(([\d*+\- ]+)\)\)")


class Shell:
    """Reads commands.  ``set_sysctl``: takes (name, value); ``count``: how many connections are in a state."""

    def __init__(self, set_sysctl: Callable[[str, str], None], count: Callable[[str], int]) -> None:
        self._set = set_sysctl
        self._count = count

    def run(self, text: str) -> int:
        """What the commands would return: 0, or 1 for a count of nothing.  Raises NotOffered, naming the command."""
        status = 0
        joined = text.replace("\\\n", " ")
        for line in re.split(r"\n|;|&&", joined):
            command = _ARITHMETIC.sub(_computed, re.sub(r"(^|\s)#.*", "", line)).strip()
            if command:
                status = self._one(command)
        return status

    def _one(self, command: str) -> int:
        if "|" in command:
            return self._piped(command)
        plain = re.sub(r"\s*&?\d?>+\s*(/dev/null|&1)", "", command).strip()
        if (
            _RESTORE.match(plain)
            or _QUEUES.match(plain)
            or any(plain == start or plain.startswith(f"{start} ") for start, _ in HARMLESS)
        ):
            return 0
        if (written := _WRITTEN.fullmatch(plain)) is not None:
            self._set(written[2], written[1])
            return 0
        try:
            words = shlex.split(plain)
        except ValueError:
            raise NotOffered(f"the command {command!r}") from None
        match words[0].rsplit("/", 1)[-1]:
            case "defaults.sh":
                for name, value in DEFAULTS:
                    self._set(name, value)
            case "set_sysctls.py":
                self._assign(words[1:], command)
            case "sysctl":
                self._assign([word for word in words[1:] if not word.startswith("-")], command)
            case _:
                raise NotOffered(f"the command {command!r}")
        return 0

    def _assign(self, words: list[str], command: str) -> None:
        for word in words:
            name, equals, value = word.partition("=")
            if equals:
                self._set(name, value)
            elif len(words) > 1:
                raise NotOffered(f"the command {command!r}")

    def _piped(self, command: str) -> int:
        """A count of connections: ``sockstat ... | grep -c STATE`` and the like; how ``grep`` ends."""
        source, *filters = (part.strip() for part in command.split("|"))
        found = re.search(r"grep\s+(-[a-zA-Z]+\s+)*[\"']?([A-Za-z_0-9-]+)[\"']?", filters[-1] if filters else "")
        if not re.match(r"(sockstat|netstat|ss)\b", source) or found is None:
            raise NotOffered(f"the command {command!r}")
        return 0 if self._count(found[2]) else 1


def _computed(found: re.Match[str]) -> str:
    """Shell arithmetic: products and sums of numbers."""
    total = 0
    for term in found[1].split("+"):
        product = 1
        for factor in term.split("*"):
            product *= int(factor)
        total += product
    return str(total)
