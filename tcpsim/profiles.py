"""The named profiles, and ``Profile`` itself (see tcpsim.tcp.profiles)."""

from .tcp.profiles import FREEBSD, LINUX, PROFILES, RFC9293, RFC9293_LITERAL, Profile, get_profile

__all__ = ["FREEBSD", "LINUX", "PROFILES", "RFC9293", "RFC9293_LITERAL", "Profile", "get_profile"]
