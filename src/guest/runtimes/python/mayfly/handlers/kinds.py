"""Finds out in which way a function is written, by looking at the object that `handler` names."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from contextvars import Context

from .asgi.runner import AsgiRunner
from .lambda_style import LambdaRunner
from .machinery import AppFacts, Machinery
from .runner import Runner
from .wsgi.runner import WsgiRunner

#: Where `handler` is the usual name and the code has no such object, these are looked for.
_OTHER_NAMES = ("app", "application")
_USUAL_NAME = "handler"


def make_runner(module: object, function: dict, context: Context, app: AppFacts, machinery: Machinery) -> Runner:
    """
    `function` is the BindFunction; of one that was made by AWS Lambda's API, `module` is the handler itself. Each call gets a copy of `context`. Raises TypeError if the module has no such object, or it cannot be called; and what an ASGI app raises at
    its startup.
    """
    lambda_facts = function.get("lambda")
    if lambda_facts is not None:
        return LambdaRunner(module, _is_async(module), context, app, machinery, lambda_facts)  # type: ignore[arg-type]
    name, target = _find(module, function["handler"], function["name"])
    if not callable(target):
        raise TypeError(f"{name} of function {function['name']} is a {type(target).__name__}, which cannot be called")
    parameters, is_async = _parameters_of(target), _is_async(target)
    if len(parameters) == 3 and (is_async or parameters[0] == "scope"):
        return AsgiRunner(target, context, app, machinery)
    if not is_async and _is_wsgi(name, parameters):
        return WsgiRunner(target, context, app, machinery)
    return LambdaRunner(target, is_async, context, app, machinery)


def _find(module: object, handler: str, function: str) -> tuple[str, object]:
    names = [handler, *_OTHER_NAMES] if handler == _USUAL_NAME else [handler]
    for name in names:
        found: object = module
        for part in name.split("."):
            found = getattr(found, part, None)
        if found is not None:
            return name, found
    raise TypeError(f"Function {function} has nothing called {' or '.join(names)}")


def _is_wsgi(name: str, parameters: list[str]) -> bool:
    """A handler of Lambda's has two parameters, too, so their names decide; or what it is called itself, if it takes anything."""
    if not parameters:
        return name.rpartition(".")[2] in _OTHER_NAMES
    return len(parameters) == 2 and (parameters[0] in ("environ", "env") or parameters[1] == "start_response")


def _parameters_of(target: Callable[..., object]) -> list[str]:
    """The names of the parameters that a call by position has to give."""
    try:
        parameters = inspect.signature(target).parameters.values()
    except (TypeError, ValueError):  # it is not written in Python
        return []
    needed = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [one.name for one in parameters if one.kind in needed and one.default is inspect.Parameter.empty]


def _is_async(target: Callable[..., object]) -> bool:
    """Whether calling it makes a coroutine or an async generator."""
    for one in (target, getattr(target, "__call__", None)):
        while isinstance(one, functools.partial):
            one = one.func
        if inspect.iscoroutinefunction(one) or inspect.isasyncgenfunction(one):
            return True
    return False
