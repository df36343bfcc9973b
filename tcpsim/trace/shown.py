"""What a prompt and a notebook show."""

from __future__ import annotations

from collections.abc import Callable, Iterable


class Shown(str):
    """A str whose repr is itself, so that a REPL prints a table or a ladder instead of its quoted text."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def bundle(
    text: str,
    draw: Callable[[], str] | None,
    include: Iterable[str] | None = None,
    exclude: Iterable[str] | None = None,
) -> dict[str, str]:
    """What Jupyter shows, by MIME type: ``text``, and the SVG that ``draw`` gives.

    ``include``, ``exclude``: types that are wanted, and that are not.  Never raises: an object whose display fails
    cannot be looked at any more, so a picture that cannot be drawn becomes a remark in the text.
    """
    wanted = {"text/plain", "image/svg+xml"} if include is None else set(include)
    wanted -= set(exclude or ())
    found = {"text/plain": text}
    if draw is not None and "image/svg+xml" in wanted:
        try:
            found["image/svg+xml"] = draw()
        except Exception as error:
            found["text/plain"] = f"{text}: no picture, {type(error).__name__}: {error}"
    return {kind: content for kind, content in found.items() if kind in wanted}
