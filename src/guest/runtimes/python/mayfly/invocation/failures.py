"""Reports to the log, and then to the host, how a function failed."""

from __future__ import annotations

from ..log.describe import describe, first_line, frames_of, message_of
from ..log.log import Log
from ..wire.outbox import compact_json
from ..wire.protocol import LogLevel, ResetCode
from .invocation import Invocation


class Failures:
    def __init__(self, log: Log) -> None:
        self._log = log

    def threw(self, invocation: Invocation, error: BaseException) -> None:
        # An error that a handler raises because its caller went away is not reported.
        if invocation.is_aborted:
            invocation.settle()
        elif invocation.head.is_lambda and invocation.unanswered:
            self._answer(invocation, error, invocation.head.id)
        elif invocation.head.is_event and invocation.unanswered:
            self._log.say(invocation, LogLevel.ERROR, describe(error))
            invocation.reply(500, [], error_document(error))
        else:
            self._fail(invocation, ResetCode.FUNCTION_THREW, error)

    def load_failed(self, invocation: Invocation, error: BaseException) -> None:
        if invocation.head.is_lambda and invocation.unanswered:
            self._answer(invocation, error, "")
        else:
            self._fail(invocation, ResetCode.FUNCTION_LOAD_FAILED, error)

    def bad_response(self, invocation: Invocation, what: str) -> None:
        if invocation.is_aborted:
            return invocation.settle()
        self._log.say(invocation, LogLevel.ERROR, f"The handler returned something that is no response: {what}")
        invocation.fail(ResetCode.BAD_RESPONSE, what)

    def afterwards(self, invocation: Invocation | None, error: BaseException) -> None:
        """Logs an error of work that goes on after the reply, of a thread, or of code that is loaded ahead. The reply stays as it is."""
        ended = "" if invocation is None or invocation.open else f"After the end of invocation {invocation.head.id}: "
        self._log.say(invocation, LogLevel.ERROR, ended + describe(error))

    def _answer(self, invocation: Invocation, error: BaseException, request_id: str) -> None:
        """For a caller who expects the answers of AWS Lambda's API."""
        # Only here, because that module needs this one's neighbours.
        from ..handlers.lambda_api import fault_document

        document, text = fault_document(error, request_id)
        self._log.say(invocation, LogLevel.ERROR, text)
        invocation.reply(500, [], document)

    def _fail(self, invocation: Invocation, code: int, error: BaseException) -> None:
        self._log.say(invocation, LogLevel.ERROR, describe(error))
        invocation.fail(code, first_line(error))


def error_document(error: BaseException) -> bytes:
    """How a function failed at an event, for the program that sent the event, as the JSON that AWS Lambda's runtimes report."""
    document = {"errorType": type(error).__name__, "errorMessage": message_of(error), "trace": frames_of(error)}
    return compact_json(document).encode("utf-8", "replace")
