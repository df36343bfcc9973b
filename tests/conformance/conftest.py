import pytest

# So that a handler's failed assert is explained as a test's is.
pytest.register_assert_rewrite(
    *(
        f"tests.conformance.{name}"
        for name in (
            "answers",
            "rows_acks",
            "rows_calls",
            "rows_data",
            "rows_hosts",
            "rows_opening",
            "rows_options",
            "rows_segments",
            "rows_synchronised",
            "rows_waiting",
        )
    )
)
