"""
Brings everything that user code prints into the log, under the invocation that printed it: print, sys.stdout and stderr, logging, warnings,
what is written to descriptors 1 and 2, and errors that nobody caught.
"""

from __future__ import annotations

import builtins
import logging
import os
import sys
import threading
import warnings

from ..invocation.current import current
from ..invocation.failures import Failures
from ..wire.protocol import LogLevel
from .log import Log
from .streams import LogStream, override, print_at_once


def capture_output(log: Log, failures: Failures) -> None:
    sys.stdout = sys.__stdout__ = LogStream(log, 1, LogLevel.INFO)  # type: ignore[assignment, misc]
    sys.stderr = sys.__stderr__ = LogStream(log, 2, LogLevel.ERROR)  # type: ignore[assignment, misc]
    builtins.print = print_at_once  # type: ignore[assignment]
    _capture_descriptors({1: sys.stdout, 2: sys.stderr})  # type: ignore[dict-item]
    _capture_logging(log)
    _capture_warnings(log)
    _capture_uncaught(failures)


def _capture_descriptors(streams: dict[int, LogStream]) -> None:
    write = os.write

    def captured(fd: int, data: bytes, /) -> int:
        stream = streams.get(fd)
        return write(fd, data) if stream is None else stream.buffer.write(data)

    os.write = captured


def _capture_logging(log: Log) -> None:
    """
    Records for which no handler is set up are logged at their level: the root logger's own level decides, as with AWS Lambda. Those of a
    StreamHandler, as logging.basicConfig makes one, keep its format and get their level, too.
    """
    logging.lastResort = _LastResort(log)
    emit = logging.StreamHandler.emit

    def emit_at_level(self: logging.StreamHandler, record: logging.LogRecord) -> None:
        if not isinstance(self.stream, LogStream):
            return emit(self, record)
        override.level = _level_of(record.levelno)
        try:
            emit(self, record)
        finally:
            override.level = None

    logging.StreamHandler.emit = emit_at_level  # type: ignore[method-assign]


class _LastResort(logging.Handler):
    def __init__(self, log: Log) -> None:
        super().__init__(logging.NOTSET)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._log.write(current.get(), _level_of(record.levelno), self.format(record))
        except Exception:  # the record's arguments are the user's
            self.handleError(record)


def _level_of(number: int) -> int:
    if number >= logging.ERROR:
        return LogLevel.ERROR
    if number >= logging.WARNING:
        return LogLevel.WARN
    return LogLevel.INFO if number >= logging.INFO else LogLevel.DEBUG


def _capture_warnings(log: Log) -> None:
    def show(message, category, filename, lineno, file=None, line=None):  # type: ignore[no-untyped-def]
        text = warnings.formatwarning(message, category, filename, lineno, line).rstrip("\n")
        if file is None:
            log.write(current.get(), LogLevel.WARN, text)
        else:
            file.write(text + "\n")

    warnings.showwarning = show


def _capture_uncaught(failures: Failures) -> None:
    """An error that ends a thread of the app's is logged, and the invocation goes on: in Python nobody else hears of it."""

    def in_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
            failures.afterwards(current.get(), args.exc_value)

    def unraisable(args) -> None:  # type: ignore[no-untyped-def]
        if args.exc_value is not None:
            failures.afterwards(current.get(), args.exc_value)

    threading.excepthook = in_thread
    sys.unraisablehook = unraisable
