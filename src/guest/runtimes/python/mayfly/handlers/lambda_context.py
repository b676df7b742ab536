"""The context object of Lambda handlers."""

from __future__ import annotations

import threading
from types import SimpleNamespace

from ..invocation.invocation import Invocation


class LambdaContext:
    """The second argument of a Lambda handler, as AWS's Python runtime has it."""

    __slots__ = ("_invocation", "_app", "_memory_mb", "_facts", "_given", "client_context")

    identity = SimpleNamespace(cognito_identity_id=None, cognito_identity_pool_id=None)

    def __init__(self, invocation: Invocation, app: str, memory_mb: int, facts: dict | None = None) -> None:
        """`facts`: the LambdaMessage of a function that was made by AWS Lambda's API."""
        self._invocation = invocation
        self._app = app
        self._memory_mb = memory_mb
        self._facts = facts or {}
        self._given = invocation.head.lambda_context
        self.client_context = _client_context(self._given.get("client"))

    @property
    def aws_request_id(self) -> str:
        """The id in this invocation's logs and in the reply's X-Mayfly-Invocation header."""
        return self._invocation.head.id

    @property
    def function_name(self) -> str:
        return self._facts.get("functionName", self._invocation.head.function)

    @property
    def function_version(self) -> str:
        return self._facts.get("version", self._invocation.head.revision)

    @property
    def invoked_function_arn(self) -> str:
        known = self._given.get("arn") or self._facts.get("arn")
        return known or f"arn:aws:lambda:mayfly:000000000000:function:{self._app}-{self.function_name}"

    @property
    def memory_limit_in_mb(self) -> str:
        return str(self._memory_mb)

    @property
    def log_group_name(self) -> str:
        return self._facts.get("logGroup", f"/mayfly/{self._app}")

    @property
    def log_stream_name(self) -> str:
        return self._facts.get("logStream", self._invocation.head.revision)

    @property
    def tenant_id(self) -> str | None:
        return self._given.get("tenantId")

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


def _client_context(given: object) -> SimpleNamespace | None:
    """What the caller gave, with attributes in the place of the keys that AWS names."""
    if not isinstance(given, dict):
        return None
    client = given.get("client")
    attributes = ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name")
    shown = SimpleNamespace(**{name: client.get(name) for name in attributes}) if isinstance(client, dict) else None
    return SimpleNamespace(custom=given.get("custom"), env=given.get("env"), client=shown)
