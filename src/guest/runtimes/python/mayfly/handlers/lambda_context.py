"""The context object of Lambda handlers."""

from __future__ import annotations

import threading
from types import SimpleNamespace

from ..invocation.invocation import Invocation


class LambdaContext:
    """The second argument of a Lambda handler, as AWS's Python runtime has it."""

    __slots__ = ("_invocation", "_app", "_memory_mb")

    identity = SimpleNamespace(cognito_identity_id=None, cognito_identity_pool_id=None)
    client_context = None

    def __init__(self, invocation: Invocation, app: str, memory_mb: int) -> None:
        self._invocation = invocation
        self._app = app
        self._memory_mb = memory_mb

    @property
    def aws_request_id(self) -> str:
        """The id in this invocation's logs and in the reply's X-Mayfly-Invocation header."""
        return self._invocation.head.id

    @property
    def function_name(self) -> str:
        return self._invocation.head.function

    @property
    def function_version(self) -> str:
        return self._invocation.head.revision

    @property
    def invoked_function_arn(self) -> str:
        return f"arn:aws:lambda:mayfly:000000000000:function:{self._app}-{self.function_name}"

    @property
    def memory_limit_in_mb(self) -> str:
        return str(self._memory_mb)

    @property
    def log_group_name(self) -> str:
        return f"/mayfly/{self._app}"

    @property
    def log_stream_name(self) -> str:
        return self._invocation.head.revision

    @property
    def aborted(self) -> threading.Event:
        """Set when the caller has gone away or the time is up. AWS has no such attribute."""
        return self._invocation.aborted

    @property
    def traceparent(self) -> str:
        """W3C Trace Context: the caller's, or one made for this invocation. AWS has no such attribute."""
        return self._invocation.head.traceparent

    def get_remaining_time_in_millis(self) -> int:
        return int(self._invocation.remaining_ms)

    def log(self, message: object) -> None:
        print(message)
