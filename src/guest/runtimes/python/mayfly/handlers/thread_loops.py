"""
asyncio.get_event_loop() in threads. AWS Lambda calls handlers in the main thread, in which Python makes a loop where none is set, and much code
relies on that; here a call has whatever thread is free.
"""

from __future__ import annotations

import asyncio


class _Policy(asyncio.DefaultEventLoopPolicy):
    def get_event_loop(self) -> asyncio.AbstractEventLoop:
        try:
            return super().get_event_loop()
        except RuntimeError:  # the thread has none
            self.set_event_loop(self.new_event_loop())
            return super().get_event_loop()


def offer_loops() -> None:
    asyncio.set_event_loop_policy(_Policy())
