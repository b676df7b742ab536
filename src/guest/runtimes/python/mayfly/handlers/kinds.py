"""Finds out in which way a function is written, by looking at the object that `handler` names."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable

from .lambda_style import LambdaRunner
from .machinery import AppFacts, Machinery
from .runner import Runner

#: Where `handler` is the usual name and the code has no such object, these are looked for.
_OTHER_NAMES = ("app", "application")
_USUAL_NAME = "handler"


def make_runner(module: object, handler: str, function: str, app: AppFacts, machinery: Machinery) -> Runner:
    """Raises TypeError if the module has no such object, or it cannot be called."""
    name, target = _find(module, handler, function)
    if not callable(target):
        raise TypeError(f"{name} of function {function} is a {type(target).__name__}, which cannot be called")
    return LambdaRunner(target, _is_async(target), app, machinery)


def _find(module: object, handler: str, function: str) -> tuple[str, object]:
    names = [handler, *_OTHER_NAMES] if handler == _USUAL_NAME else [handler]
    for name in names:
        found: object = module
        for part in name.split("."):
            found = getattr(found, part, None)
        if found is not None:
            return name, found
    raise TypeError(f"Function {function} has nothing called {' or '.join(names)}")


def _is_async(target: Callable[..., object]) -> bool:
    """Whether calling it makes a coroutine or an async generator."""
    for one in (target, getattr(target, "__call__", None)):
        while isinstance(one, functools.partial):
            one = one.func
        if inspect.iscoroutinefunction(one) or inspect.isasyncgenfunction(one):
            return True
    return False
