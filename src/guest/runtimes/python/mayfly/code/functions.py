"""
An app's functions: their code and, from the first call on, what runs them.

1. Code is evaluated once, outside of any invocation, when it is first needed. A failed evaluation is tried again at the next call.
2. Modules of an earlier Bind are forgotten: the next one's code may have the same names.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import json
import linecache
import os
import sys
import threading
from collections.abc import Callable
from contextvars import Context
from types import ModuleType

from ..handlers.lambda_api import load_handler
from ..handlers.runner import Runner
from .environment import layers_folder, task_root

#: Makes a runner of a module, the BindFunction, and the context that its calls begin with.
MakeRunner = Callable[[object, dict, Context], Runner]
#: The folder below the task root with the packages that an app requires.
_PACKAGES = "site-packages"
#: Code that came as frames is a module of a name that no other module has.
_PREFIX = "mayfly_function_"


class Function:
    def __init__(self, message: dict, load: Callable[[], object], make: MakeRunner) -> None:
        """`message` is the BindFunction."""
        self.runner: Runner | None = None
        self._message = message
        self._load = load
        self._make = make
        self._loading = threading.Lock()

    def loaded(self) -> Runner:
        """Evaluates the code, if that was not done. Raises what the code raises."""
        with self._loading:
            if self.runner is None:
                # A context of its own: what is printed belongs to the app, and not to the invocation that came first. What code sets in it, such
                # as the precision of decimals, holds for its calls, as in AWS Lambda.
                context = Context()
                module = context.run(self._load)
                self.runner = self._make(module, self._message, context)
            return self.runner


def functions_of(message: dict, code: bytes, make: MakeRunner) -> dict[str, Function]:
    """`code` is that of all functions whose source is `frames`. Raises ValueError if this agent cannot run one of them."""
    functions: dict[str, Function] = {}
    at = 0
    for one in message["functions"]:
        name, source = one["name"], one["source"]
        if one["format"] != "python":
            raise ValueError(f"the function {name} is of the format {one['format']}, which this agent cannot run")
        if one.get("lambda") is not None:
            load: Callable[[], object] = functools.partial(load_handler, one["handler"])
        elif source["type"] == "frames":
            load = _loader_of_text(name, code[at : at + source["bytes"]])
            at += source["bytes"]
        elif source["type"] == "file":
            load = _loader_of_file(name, source["path"])
        else:
            raise ValueError(f"the code of {name} comes from {json.dumps(source['type'])}, which this agent does not know")
        functions[name] = Function(one, load, make)
    if at != len(code):
        raise ValueError(f"the code is {len(code)} bytes; its functions say {at}")
    return functions


def prepare_imports() -> None:
    """Imports look into the task root first, then into the app's packages. Forgets the modules of an earlier Bind."""
    below = task_root + os.sep
    of_layers = [os.path.join(layers_folder, "python", each) for each in (f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages", "")]
    first = [task_root, os.path.join(task_root, _PACKAGES), *(path.rstrip(os.sep) for path in of_layers if os.path.isdir(path))]
    for name, module in list(sys.modules.items()):
        if name.startswith(_PREFIX) or (getattr(module, "__file__", None) or "").startswith(below):
            del sys.modules[name]
    sys.path[:] = [*first, *(path for path in sys.path if path not in (*first, ""))]
    for folder in first:
        sys.path_importer_cache.pop(folder, None)
    importlib.invalidate_caches()


def _loader_of_text(name: str, code: bytes) -> Callable[[], ModuleType]:
    filename = os.path.join(task_root, f"{name}.py")

    def load() -> ModuleType:
        text = importlib.util.decode_source(code)
        # So that tracebacks show the lines, although there is no such file.
        linecache.cache[filename] = (len(text), None, text.splitlines(True), filename)
        module = ModuleType(_PREFIX + name)
        module.__file__ = filename
        sys.modules[module.__name__] = module
        try:
            exec(compile(text, filename, "exec", dont_inherit=True), module.__dict__)
        except BaseException:
            sys.modules.pop(module.__name__, None)
            raise
        return module

    return load


def _loader_of_file(name: str, path: str) -> Callable[[], ModuleType]:
    place = os.path.join(task_root, *path.split("/"))
    dotted = path.removesuffix(".py").replace("/", ".")

    def load() -> ModuleType:
        known = sys.modules.get(dotted)
        if path.endswith(".py") and (known is None or getattr(known, "__file__", None) == place):
            return importlib.import_module(dotted)
        # A module of the standard library has the file's name, or the file no module's name.
        spec = importlib.util.spec_from_file_location(_PREFIX + name, place)
        if spec is None or spec.loader is None:
            raise ImportError(f"{path} is not a file of Python code")
        module = importlib.util.module_from_spec(spec)
        sys.modules[module.__name__] = module
        try:
            spec.loader.exec_module(module)
        except BaseException:
            sys.modules.pop(module.__name__, None)
            raise
        return module

    return load
