"""
Python's clock with a difference added, for a machine whose kernel's clock cannot be set: time.time and its like, and datetime.

Not corrected are the times of files, and OpenSSL when it judges whether a certificate is valid yet.
"""

from __future__ import annotations

import datetime
import time

_time, _time_ns = time.time, time.time_ns
_converters = {name: getattr(time, name) for name in ("gmtime", "localtime", "ctime")}
_asctime, _strftime = time.asctime, time.strftime
_Date, _DateTime = datetime.date, datetime.datetime
_offset = 0.0
_shifted = False


def shift_clock(now: float) -> None:
    """`now` is the host's time, in seconds since the epoch."""
    global _offset, _shifted
    _offset = now - _time()
    if _shifted:
        return
    _shifted = True
    time.time = _now
    time.time_ns = lambda: _time_ns() + round(_offset * 1e9)
    for name, convert in _converters.items():
        setattr(time, name, _with_default(convert))
    time.asctime = lambda at=None: _asctime(time.localtime() if at is None else at)
    time.strftime = lambda form, at=None: _strftime(form, time.localtime() if at is None else at)
    datetime.date, datetime.datetime = _ShiftedDate, _ShiftedDateTime  # type: ignore[misc]


def is_shifted() -> bool:
    return _shifted


def _now() -> float:
    return _time() + _offset


def _with_default(convert):  # type: ignore[no-untyped-def]
    return lambda seconds=None: convert(_now() if seconds is None else seconds)


class _AnyDate(type):
    """What C code makes is of the original classes, and must count as an instance all the same. A class that code derives has no original."""

    def __instancecheck__(cls, value: object) -> bool:
        original = cls.__dict__.get("_original")
        return super().__instancecheck__(value) if original is None else isinstance(value, original)

    def __subclasscheck__(cls, other: type) -> bool:
        original = cls.__dict__.get("_original")
        return super().__subclasscheck__(other) if original is None else issubclass(other, original)


class _ShiftedDate(_Date, metaclass=_AnyDate):
    _original = _Date

    @classmethod
    def today(cls):  # type: ignore[no-untyped-def]
        return cls.fromtimestamp(_now())


class _ShiftedDateTime(_DateTime, metaclass=_AnyDate):
    _original = _DateTime

    @classmethod
    def now(cls, tz=None):  # type: ignore[no-untyped-def]
        return cls.fromtimestamp(_now(), tz)

    @classmethod
    def utcnow(cls):  # type: ignore[no-untyped-def]
        return cls.fromtimestamp(_now(), datetime.timezone.utc).replace(tzinfo=None)

    @classmethod
    def today(cls):  # type: ignore[no-untyped-def]
        return cls.fromtimestamp(_now())


for _class, _name in ((_ShiftedDate, "date"), (_ShiftedDateTime, "datetime")):
    _class.__name__ = _class.__qualname__ = _name
    _class.__module__ = "datetime"
