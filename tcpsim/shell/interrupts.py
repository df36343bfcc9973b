"""Ctrl-C while the simulation runs: it stops between two events, never inside one."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType


class CtrlC:
    """A context in which Ctrl-C is only noted, for a loop to look at: ``if ctrl_c.pressed: stop``.

    The second Ctrl-C interrupts as usual, in case the loop does not come round.
    """

    def __init__(self) -> None:
        self.pressed = False
        self._before: object = None
        self._installed = False

    def __enter__(self) -> CtrlC:
        # Only the main thread may install handlers, and only Python's own is worth standing in for.
        if threading.current_thread() is threading.main_thread():
            self._before = signal.getsignal(signal.SIGINT)
            if self._before is signal.default_int_handler:
                signal.signal(signal.SIGINT, self._note)
                self._installed = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self._installed:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            self._installed = False

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.pressed:
            raise KeyboardInterrupt
        self.pressed = True
