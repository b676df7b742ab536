"""
What functions that were made by AWS Lambda's API need besides others: their handler is found by the rules of AWS's Python runtime, and how they
fail is told as that runtime tells it.
"""

from __future__ import annotations

import importlib
import json
import logging
import sys
import time
import traceback
from collections.abc import Callable
from decimal import Decimal

from ..invocation.current import current
from ..log.describe import is_agents, message_of
from ..log.log import Log
from ..wire.outbox import compact_json
from ..wire.protocol import LogLevel
from .lambda_reply import result_of


class LambdaFault(Exception):
    """A failure to which AWS's runtime gives a type of its own, such as Runtime.ImportModuleError."""

    def __init__(self, kind: str, message: str, trace: list[str] | None = None) -> None:
        super().__init__(message)
        self.kind = f"Runtime.{kind}"
        self.trace = trace or []


def load_handler(handler: str) -> Callable[..., object]:
    """`handler` as AWS names it: "package.module.name". Raises LambdaFault, or what the code raises."""
    name, dot, attribute = handler.rpartition(".")
    if not dot:
        raise LambdaFault("MalformedHandlerName", f"Bad handler '{handler}': not enough values to unpack (expected 2, got 1)")
    if name.split(".")[0] in sys.builtin_module_names:
        raise LambdaFault("BuiltInModuleConflict", f"Cannot use built-in module {name} as a handler module")
    try:
        module = importlib.import_module(name.replace("/", "."))
    except ImportError as error:
        raise LambdaFault("ImportModuleError", f"Unable to import module '{name}': {error}") from error
    except SyntaxError as error:
        trace = [f'  File "{error.filename}" Line {error.lineno}\n    {error.text}']
        raise LambdaFault("UserCodeSyntaxError", f"Syntax error in module '{name}': {error}", trace) from error
    try:
        return getattr(module, attribute)
    except AttributeError as error:
        raise LambdaFault("HandlerNotFound", f"Handler '{attribute}' missing on module '{name}'") from error


def marshalled(value: object) -> bytes:
    """A result as JSON. Raises LambdaFault if JSON can't hold it."""
    try:
        return result_of(value)
    except Exception:
        try:
            json.dumps(value, default=_with_decimals)
        except Exception as error:
            raise LambdaFault("MarshalError", f"Unable to marshal response: {message_of(error)}") from error
        raise


def _with_decimals(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def fault_document(error: BaseException, request_id: str) -> tuple[bytes, str]:
    """The document for the caller, and the same as a line for the log. `request_id` is empty if the code failed before it could be called."""
    if isinstance(error, LambdaFault):
        kind, trace = error.kind, error.trace
    else:
        kind, trace = type(error).__name__, _frames_of(error)
    message = message_of(error)
    document = {"errorMessage": message, "errorType": kind, "requestId": request_id, "stackTrace": trace}
    lines = [f"[ERROR] {kind}: {message}" if message else f"[ERROR] {kind}", "Traceback (most recent call last):"]
    lines += [_with_hard_spaces(line) for frame in trace for line in frame.splitlines()]
    return compact_json(document).encode("utf-8", "replace"), "\n".join(lines)


def _frames_of(error: BaseException) -> list[str]:
    """Each frame with its line, as AWS's runtime lists them: without those that show how the agent called the function."""
    try:
        frames = [(one.filename, one.lineno, one.name, one.line) for one in traceback.extract_tb(error.__traceback__)]
        at = next((at for at, frame in enumerate(frames) if not is_agents(frame[0])), 0)
        return traceback.format_list(frames[at:])
    except Exception:  # a file of the code cannot be read, or is not text
        return []


def _with_hard_spaces(line: str) -> str:
    text = line.lstrip(" ")
    return "\u00a0" * (len(line) - len(text)) + text


_FORMAT = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s"


class _LambdaHandler(logging.Handler):
    """Records of the root logger have the form that AWS's runtime gives them."""

    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log
        self.setFormatter(logging.Formatter(_FORMAT, "%Y-%m-%dT%H:%M:%S"))

    def emit(self, record: logging.LogRecord) -> None:
        invocation = current.get()
        record.aws_request_id = "" if invocation is None else invocation.head.id
        try:
            self._log.write(invocation, _level_of(record.levelno), self.format(record))
        except Exception:  # the record's arguments are the user's
            self.handleError(record)


def _level_of(number: int) -> int:
    if number >= logging.ERROR:
        return LogLevel.ERROR
    if number >= logging.WARNING:
        return LogLevel.WARN
    return LogLevel.INFO if number >= logging.INFO else LogLevel.DEBUG


def set_up_logging(log: Log) -> None:
    """As AWS's runtime does before it loads the function's code."""
    logging.Formatter.converter = time.gmtime  # type: ignore[assignment]
    root = logging.getLogger()
    if not any(isinstance(each, _LambdaHandler) for each in root.handlers):
        root.addHandler(_LambdaHandler(log))
