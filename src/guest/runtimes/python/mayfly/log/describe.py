"""
Errors as text for the log: Python's own traceback, without the frames that show how the agent called the function. A traceback in which
all frames are the agent's stays whole, because the fault may be the agent's.
"""

from __future__ import annotations

import importlib
import os
import threading
import traceback

#: The folder of the agent's own code.
_agent = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
#: How modules are imported, which stands between the agent and a module that fails while it is loaded.
_IMPORTING = ("<frozen importlib", "<frozen runpy")
_IMPORTLIB = importlib.__file__
_THREADING = threading.__file__


def describe(error: BaseException) -> str:
    """Never raises, although the error and its texts are the user's."""
    try:
        return "".join(_trimmed(error).format()).rstrip("\n")
    except BaseException:
        return f"{type(error).__name__}: [an error that can't be printed]"


def first_line(error: BaseException) -> str:
    """The error's type and the first line of its text."""
    text, name = message_of(error), type(error).__name__
    return f"{name}: {text}".split("\n", 1)[0] if text else name


def message_of(error: BaseException) -> str:
    """Never raises, although the error's __str__ is the user's."""
    try:
        return str(error)
    except BaseException:
        return "[an error that can't be printed]"


def frames_of(error: BaseException) -> list[str]:
    """The error's traceback as a list of lines."""
    return describe(error).split("\n")


def current_stack() -> str:
    """The stack of the code that runs, as far as it is the function's."""
    frames = [frame for frame in traceback.extract_stack() if not is_agents(frame.filename)]
    return "".join(traceback.format_list(_after_start(frames))).rstrip("\n")


def _after_start(frames: list[traceback.FrameSummary]) -> list[traceback.FrameSummary]:
    """Without the standard library's frames that start a thread or the program."""
    at = 0
    while at < len(frames) and (_is_importing(frames[at].filename) or frames[at].filename == _THREADING):
        at += 1
    return frames[at:]


def _trimmed(error: BaseException) -> traceback.TracebackException:
    whole = traceback.TracebackException.from_exception(error)
    seen: set[int] = set()
    todo: list[traceback.TracebackException | None] = [whole]
    while todo:
        one = todo.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        _trim(one.stack)
        todo += [one.__cause__, one.__context__, *(getattr(one, "exceptions", None) or ())]
    return whole


def _trim(stack: traceback.StackSummary) -> None:
    at = 0
    # An error that ends a thread comes through what starts threads, in Python's own code and in the agent's.
    while at < len(stack) and (is_agents(stack[at].filename) or _is_importing(stack[at].filename) or stack[at].filename == _THREADING):
        at += 1
    if at < len(stack):
        del stack[:at]


def is_agents(filename: str) -> bool:
    """Whether the file is of the agent's own code."""
    return filename.startswith(_agent)


def _is_importing(filename: str) -> bool:
    return filename.startswith(_IMPORTING) or filename == _IMPORTLIB
