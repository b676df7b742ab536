"""Uses a package that requirements.txt names, and tells of its surroundings."""
import os
import secrets
import sys

import greeter


def main(event, context):
    return {
        "greeting": greeter.greet("Ada"),
        "from": os.path.relpath(greeter.__file__, os.environ["LAMBDA_TASK_ROOT"]),
        "python": list(sys.version_info[:2]),
        "colour": os.environ["COLOUR"],
        "name": context.function_name,
        "token": secrets.token_hex(8),
    }
