"""Why things are as they are: answers about a trace, and the words behind states, rules, checks and variables.

Pure functions of a trace and of the tables.
"""

from .describe import describe
from .terms import Term, explain, term_text, terms
from .why import Step, Why, why

__all__ = ["Step", "Term", "Why", "describe", "explain", "term_text", "terms", "why"]
