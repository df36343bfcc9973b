"""Every interleaving: explore what the real engine does under all orders of deliveries, losses and calls.

>>> from tcpsim.explore import explore
>>> result = explore("handshake-and-close", loss=1)
>>> result.states, result.ok                                            # doctest: +SKIP
"""

from .actors import Actor, Forge, actor
from .bounds import Bounds
from .explorer import explore
from .properties import GENERAL, PROPERTIES, Property, Step
from .result import Counterexample, Result, Verdict
from .search import Graph, Limits, search
from .setups import Expect, Setup, get_setup

__all__ = [
    "GENERAL", "PROPERTIES", "Actor", "Bounds", "Counterexample", "Expect", "Forge", "Graph", "Limits", "Property",
    "Result", "Setup", "Step", "Verdict", "actor", "explore", "get_setup", "search",
]  # fmt: skip
