"""Tells what its initialisation drew, and draws more."""

import os
import random
import secrets
import tempfile
import time
import uuid

from snapshot_restore_py import register_after_restore, register_before_snapshot

print("initialising")
random.seed(7)
at_start = f"{random.random()} {secrets.token_hex(8)} {uuid.uuid4()}"
hooks: list[str] = []


@register_before_snapshot
def before() -> None:
    hooks.append("before")


register_after_restore(hooks.append, "after")


def handler(event, context):
    return {
        "atStart": at_start,
        "hooks": " ".join(hooks),
        "now": time.time() * 1000,
        "drawn": [
            random.random(),
            random.getrandbits(60),
            random.SystemRandom().random(),
            secrets.token_hex(12),
            str(uuid.uuid4()),
            str(uuid.uuid1()),
            os.urandom(12).hex(),
            os.path.basename(tempfile.mktemp()),
        ],
    }
