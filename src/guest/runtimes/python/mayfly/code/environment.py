"""Makes os.environ as an app sees it: its own variables, and only those of the machine's that programs need to run."""

from __future__ import annotations

import os
import time

from ..net.authority import trust

_KEPT = {"PATH", "HOME", "LANG", "TMPDIR", "TZ", "LD_LIBRARY_PATH"}

#: The folder of the app's files.
task_root = os.path.abspath(os.environ.pop("MAYFLY_TASK_ROOT", None) or "/var/task")


#: The files of AWS Lambda's layers. In machines, code finds them as /opt, too.
layers_folder = os.path.join(task_root, ".mayfly-layers")

#: The driver `process` has no machines: there the folders have other names.
_is_machine = task_root == "/var/task"
_opt = "/opt" if _is_machine else layers_folder
_usual_path = os.environ.get("PATH") or "/usr/bin:/bin"


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
        **(_lambda_environment(functions[0], message.get("snapshot") is True) if functions and functions[0].get("lambda") else {}),
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


# AWS's machines of these have another system than those of younger ones.
_AMAZON_LINUX_2 = ("python3.8", "python3.9", "python3.10", "python3.11")


def _lambda_environment(function: dict, snapshot: bool) -> dict[str, str]:
    """The variables that AWS documents, for a function that was made by AWS Lambda's API."""
    facts = function["lambda"]
    return {
        "AWS_LAMBDA_FUNCTION_NAME": facts["functionName"],
        "AWS_LAMBDA_FUNCTION_VERSION": facts["version"],
        "AWS_LAMBDA_LOG_GROUP_NAME": facts["logGroup"],
        "AWS_LAMBDA_LOG_STREAM_NAME": facts["logStream"],
        "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start" if snapshot else "on-demand",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{facts['runtime']}",
        "AWS_REGION": facts["region"],
        "AWS_DEFAULT_REGION": facts["region"],
        # Without this, AWS's X-Ray SDK raises errors where nothing is traced.
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "LANG": "en_US.UTF-8",
        **({} if facts["runtime"] in _AMAZON_LINUX_2 else {"LC_CTYPE": "C.UTF-8"}),
        "TZ": ":UTC",
        "PWD": task_root,
        "SHLVL": "0",
        # A machine has programs and libraries in some of AWS's folders, and none in the others.
        "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin" if _is_machine else f"{_usual_path}:{_opt}/bin",
        "LD_LIBRARY_PATH": f"/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:{task_root}:{task_root}/lib:{_opt}/lib",
        "PYTHONPATH": "/var/runtime",
        "_HANDLER": function["handler"],
    }
