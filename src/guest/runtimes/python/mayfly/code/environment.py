"""Makes os.environ as an app sees it: its own variables, and only those of the machine's that programs need to run."""

from __future__ import annotations

import os
import time

from ..net.authority import trust

_KEPT = {"PATH", "HOME", "LANG", "TMPDIR", "TZ", "LD_LIBRARY_PATH"}

#: The folder of the app's files.
task_root = os.path.abspath(os.environ.pop("MAYFLY_TASK_ROOT", None) or "/var/task")


def set_environment(message: dict) -> None:
    app, revision, functions = message["app"], message["revision"], message["functions"]
    wanted = {
        "MAYFLY_APP": app,
        "MAYFLY_VERSION": revision,
        # Code written for AWS Lambda reads these.
        "AWS_LAMBDA_FUNCTION_NAME": functions[0]["name"] if len(functions) == 1 else app,
        "AWS_LAMBDA_FUNCTION_VERSION": revision,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(message["memoryMb"]),
        "LAMBDA_TASK_ROOT": task_root,
        **({"AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"} if message.get("snapshot") else {}),
        **(trust(message["authority"]) if message.get("authority") else {}),
        **message["env"],
    }
    for name in list(os.environ):
        if name not in _KEPT and name not in wanted:
            del os.environ[name]
    os.environ.update(wanted)
    # The C library has read this one when Python was started.
    if "TZ" in wanted and hasattr(time, "tzset"):
        time.tzset()
