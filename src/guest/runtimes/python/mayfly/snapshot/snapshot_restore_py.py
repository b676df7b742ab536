"""
The package `snapshot_restore_py` of AWS Lambda's SnapStart, as code imports it: its functions register what is to be called, and can be used as
decorators.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

_Hook = TypeVar("_Hook", bound=Callable[..., Any])
_Registered = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]

_before_snapshot: list[_Registered] = []
_after_restore: list[_Registered] = []


def register_before_snapshot(func: _Hook, *args: Any, **kwargs: Any) -> _Hook:
    _before_snapshot.append((func, args, kwargs))
    return func


def register_after_restore(func: _Hook, *args: Any, **kwargs: Any) -> _Hook:
    _after_restore.append((func, args, kwargs))
    return func


def get_before_snapshot() -> list[_Registered]:
    return _before_snapshot


def get_after_restore() -> list[_Registered]:
    return _after_restore
