import pytest

# So that a handler's failed assert is explained as a test's is.
pytest.register_assert_rewrite("tests.conformance.rows_opening", "tests.conformance.rows_synchronised")
