/** What machines of the runtime python rehearse with. */
import type { RehearsalCode } from "./rehearsal-code.ts";

export function pythonCode(): RehearsalCode {
  return { format: "python", plain: PLAIN, rich: RICH };
}

const PLAIN = `def handler(event, context):
    return {"statusCode": 200, "body": "plain\\n"}
`;

/** Modules that many handlers import are then in the template's memory. */
const RICH = `import asyncio
import base64
import collections
import dataclasses
import datetime
import decimal
import functools
import hashlib
import hmac
import io
import json
import logging
import os
import random
import re
import secrets
import time
import traceback
import typing
import urllib.parse
import urllib.request
import uuid


@dataclasses.dataclass
class Item:
    name: str
    size: int = 0


async def later(value):
    await asyncio.sleep(0)
    return value


async def handler(event, context):
    items = [Item(name, len(name)) for name in ("a", "bc")]
    seen = {item.name: await later(item.size) for item in items}
    try:
        raise ValueError("seen")
    except ValueError as error:
        text = re.sub("s", "", f"{error}")
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps({"seen": seen, "text": text})}
`;
