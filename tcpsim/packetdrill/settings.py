"""The ``--options`` at the top of a script."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final, NamedTuple

from .endpoint import NotOffered
from .reading import ScriptError
from .tree import PacketdrillScript, Setting

#: The addresses unless a script says others: by version, (the endpoint's, the script's).
ADDRESSES: Final = {4: ("192.168.0.1", "192.0.2.1"), 6: ("fd3d:fa7b:d17d::1", "2001:db8::1")}
PORT: Final = 8080


class Settings(NamedTuple):
    """What a script's options say.  ``tolerance_percent``: None where the dialect decides."""

    version: int = 4
    local: str = ADDRESSES[4][0]
    remote: str = ADDRESSES[4][1]
    bind_port: int = PORT
    connect_port: int = PORT
    mtu: int = 1500
    mss: int | None = None
    tolerance_us: int = 4000
    tolerance_percent: float | None = None
    tick_us: int = 0
    scaled: bool = False
    strict_segments: bool = False
    defines: tuple[str, ...] = ()


#: Options that say nothing of what happens.
_WITHOUT_EFFECT: Final = frozenset(
    ("verbose", "debug", "dry_run", "non_fatal", "speed", "gateway_ip", "netmask_ip", "init_scripts", "code", "code_command",
     "code_format", "code_sockopt", "persistent_tun_dev", "tun_dev", "no_cleanup", "prefix_len", "send_omit_free")
)  # fmt: skip


def settings_of(script: PacketdrillScript, name: str = "script") -> Settings:
    """The settings of a script.  Raises ScriptError for a value that cannot be, NotOffered for an unknown option."""
    found: dict[str, object] = {}
    defines: list[str] = []
    version = 4
    for setting in script.options:
        value = setting.value or ""
        match setting.name:
            case "ip_version":
                version = _version(setting, name)
            case "local_ip" | "remote_ip":
                found[setting.name.removesuffix("_ip")] = _address(setting, name)
            case "bind_port" | "connect_port":
                found[setting.name] = _number(setting, name, 65_535)
            case "mtu" | "mss":
                found[setting.name] = _number(setting, name, 65_535)
            case "tolerance_usecs":
                found["tolerance_us"] = _number(setting, name, 1 << 40)
            case "tolerance_percent":
                try:
                    found["tolerance_percent"] = float(value)
                except ValueError:
                    raise _wrong(setting, name, "a number") from None
            case "tcp_ts_tick_usecs":
                found["tick_us"] = _number(setting, name, 1_000_000)
            case "tcp_ts_ecr_scaled":
                found["scaled"] = True
            case "strict_segments":
                found["strict_segments"] = True
            case "define" | "D":
                defines.append(value.partition("=")[0])
            case known if known in _WITHOUT_EFFECT:
                pass
            case other:
                raise NotOffered(f"the option --{other}")
    local, remote = ADDRESSES[version]
    addresses = {"local": local, "remote": remote} | {key: found[key] for key in ("local", "remote") if key in found}
    for key, address in addresses.items():
        if ip_address(str(address)).version != version:
            raise NotOffered(f"--{key}_ip={address} with IPv{version}")
    return Settings(**{**found, **addresses, "version": version, "defines": tuple(defines)})  # type: ignore[arg-type]


def _version(setting: Setting, name: str) -> int:
    known = {"ipv4": 4, "ipv4-mapped-ipv6": 4, "ipv6": 6}
    if setting.value not in known:
        raise _wrong(setting, name, "ipv4, ipv4-mapped-ipv6 or ipv6")
    return known[setting.value]


def _address(setting: Setting, name: str) -> str:
    try:
        return str(ip_address((setting.value or "").partition("/")[0]))
    except ValueError:
        raise _wrong(setting, name, "an IP address") from None


def _number(setting: Setting, name: str, most: int) -> int:
    value = setting.value or ""
    if not value.isascii() or not value.isdigit() or int(value) > most:
        raise _wrong(setting, name, f"a number up to {most}")
    return int(value)


def _wrong(setting: Setting, name: str, expected: str) -> ScriptError:
    return ScriptError(setting.at, f"--{setting.name}={setting.value}: expected {expected}", name)
