import signal

import pytest
from hypothesis import settings

# Runs pytest inside tests of the plugin.
pytest_plugins = ["pytester"]

# Before the import below, for only modules imported later get explained asserts.
pytest.register_assert_rewrite("tests.helpers")

from tests.helpers.tools import in_ci  # noqa: E402

# A shell starts what runs in its background with Ctrl-C ignored, and children would inherit that: the tests of
# Ctrl-C would wait for ever.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# No example has a deadline: it would test the wall clock of the machine the tests happen to run on, which the house
# forbids.  Every health check is on; that of slow generation allows 30 s for ten examples where there is no deadline.
#
# A profile takes what it leaves open from Hypothesis's own defaults, and these differ where CI is set: there slow
# generation is forgiven, and the same examples are drawn every time, which only the run that judges a change shall do.
ALL = {"deadline": None, "suppress_health_check": ()}
settings.register_profile("dev", max_examples=50, derandomize=False, **ALL)
settings.register_profile("ci", max_examples=100, derandomize=True, print_blob=True, **ALL)
settings.register_profile("deep", max_examples=5000, derandomize=False, print_blob=True, **ALL)
# For the recipes of the docs, which take pytest's time as well.
settings.register_profile("recipes", max_examples=15, derandomize=True, **ALL)

# pytest's --hypothesis-profile is applied after this file is read, and so wins.
settings.load_profile("ci" if in_ci() else "dev")
