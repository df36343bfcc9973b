"""The simulated network: worlds, moves, links, hosts, sockets and the simulator that drives them."""

from .handles import Deadlock, Host, Socket
from .simulator import Simulator, pair

__all__ = ["Deadlock", "Host", "Simulator", "Socket", "pair"]
