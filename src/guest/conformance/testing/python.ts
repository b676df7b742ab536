/** The agent of Python, with the suite's functions as plain ones and generators, and those that wait as coroutines as well. */
import type { AgentAdapter, ConformanceFunction } from "../adapter.ts";
import { pythonAgent } from "../../testing/python-agent.ts";

const code: Record<ConformanceFunction, string> = {
  echo: `
def handler(event, context):
    seen = event["requestContext"]["http"]["method"] + " " + event["rawPath"]
    reply = {"statusCode": 201, "headers": {"x-seen": seen}, "cookies": ["a=1", "b=2"]}
    return {**reply, "body": event.get("body", ""), "isBase64Encoded": event["isBase64Encoded"]}`,
  same: `
def handler(event, context):
    return event`,
  about: `
def handler(event, context):
    return [context.aws_request_id, context.function_name, context.function_version, context.get_remaining_time_in_millis()]`,
  counts: `
import itertools
print("at load")
calls = itertools.count(1)
def handler(event, context):
    return next(calls)`,
  replies: `
def handler(event, context):
    q = event["queryStringParameters"]
    headers = {q["name"] + (str(at) if at else ""): q["value"] * int(q["length"]) for at in range(int(q["times"]))}
    return {"statusCode": int(q["status"]), "headers": headers}`,
  large: `
def handler(event, context):
    return {"statusCode": 200, "body": "x" * int(event["queryStringParameters"]["bytes"])}`,
  streams: `
def handler(event, context):
    q = event["queryStringParameters"]
    for at in range(int(q["chunks"])):
        yield chr(97 + at % 26) * int(q["bytes"])`,
  gate: `
import threading
opened = threading.Event()
def handler(event, context):
    if event["rawPath"] == "/open":
        opened.set()
        yield "opened"
        return
    yield "first"
    opened.wait()
    yield "second"`,
  midway: `
def handler(event, context):
    yield "some"
    raise ValueError("midway")`,
  throws: `
def deeper():
    raise ValueError("thrown on purpose")
def handler(event, context):
    deeper()`,
  broken: `raise ValueError("not loadable")`,
  unspeakable: `
def handler(event, context):
    items = []
    items.append(items)
    return items`,
  sleeps: `
import time
def handler(event, context):
    time.sleep(int(event["queryStringParameters"]["ms"]) / 1000)
    return "slept"`,
  listens: `
def handler(event, context):
    print("listening")
    context.aborted.wait()
    print("heard")`,
  computes: `
import time
def handler(event, context):
    end = time.thread_time() + int(event["queryStringParameters"]["ms"]) / 1000
    while time.thread_time() < end:
        pass
    return "computed"`,
  prints: `
import sys, time
def handler(event, context):
    q = event["queryStringParameters"]
    sys.stdout.write("begin-")
    sys.stdout.write(q["word"] + "\\n")
    time.sleep(int(q["ms"]) / 1000)
    print("end-" + q["word"], file=sys.stderr)`,
  draws: `
import os, random, secrets, ssl, tempfile, uuid
def handler(event, context):
    names = next(tempfile._get_candidate_names())
    kernels = [os.urandom(16).hex(), secrets.token_hex(16), str(uuid.uuid4()), random.SystemRandom().random()]
    return [random.random(), random.getrandbits(64), names, ssl.RAND_bytes(16).hex(), *kernels]`,
  seeds: `
import random
def handler(event, context):
    random.seed(1)`,
  surroundings: `
import os
text = None
if os.path.exists("views/a.txt"):
    with open("views/a.txt") as file:
        text = file.read()
def handler(event, context):
    return {"env": dict(os.environ), "folder": os.getcwd(), "text": text}`,
  hooks: `
import os
from snapshot_restore_py import register_after_restore, register_before_snapshot
print("at load of hooks")
def tell(when, n):
    if os.environ.get("FAILS") == when and n == 1:
        raise ValueError("refused")
    print(when, n)
register_before_snapshot(tell, "before", 1)
@register_before_snapshot
def before():
    tell("before", 2)
register_after_restore(tell, "after", n=1)
register_after_restore(tell, "after", n=2)
def handler(event, context):
    return "called"`,
  exits: `
import sys
def handler(event, context):
    print("the last words")
    sys.exit(3)`,
  crashes: `
import os, signal, sys
def handler(event, context):
    sys.stdout.write("the last words")
    os.kill(os.getpid(), signal.SIGKILL)`,
};

const coroutines: Partial<typeof code> = {
  same: `
async def handler(event, context):
    return event`,
  streams: `
async def handler(event, context):
    q = event["queryStringParameters"]
    for at in range(int(q["chunks"])):
        yield chr(97 + at % 26) * int(q["bytes"])`,
  gate: `
import asyncio
opened = asyncio.Event()
async def handler(event, context):
    if event["rawPath"] == "/open":
        opened.set()
        yield "opened"
        return
    yield "first"
    await opened.wait()
    yield "second"`,
  midway: `
async def handler(event, context):
    yield "some"
    raise ValueError("midway")`,
  throws: `
import asyncio
async def deeper():
    await asyncio.sleep(0)
    raise ValueError("thrown on purpose")
async def handler(event, context):
    await deeper()`,
  sleeps: `
import asyncio
async def handler(event, context):
    await asyncio.sleep(int(event["queryStringParameters"]["ms"]) / 1000)
    return "slept"`,
  listens: `
import asyncio
async def handler(event, context):
    print("listening")
    try:
        await asyncio.Event().wait()
    finally:
        print("heard")`,
  computes: code.computes.replace("def handler", "async def handler"),
  prints: `
import asyncio, sys
async def handler(event, context):
    q = event["queryStringParameters"]
    sys.stdout.write("begin-")
    sys.stdout.write(q["word"] + "\\n")
    await asyncio.sleep(int(q["ms"]) / 1000)
    print("end-" + q["word"], file=sys.stderr)`,
  hooks: `
import asyncio, os
from snapshot_restore_py import register_after_restore, register_before_snapshot
print("at load of hooks")
async def tell(when, n):
    await asyncio.sleep(0)
    if os.environ.get("FAILS") == when and n == 1:
        raise ValueError("refused")
    print(when, n)
for when, register in (("before", register_before_snapshot), ("after", register_after_restore)):
    for n in (1, 2):
        register(tell, when, n)
async def handler(event, context):
    return "called"`,
  exits: code.exits.replace("def handler", "async def handler"),
};

/** Both makes of functions with the Python that machines have, and with a newer one those that use more of it. */
export const pythonAgents: AgentAdapter[] = [
  adapter("of Debian 12", "bookworm", /^3\.11\./, code),
  adapter("of Debian 12, with coroutines", "bookworm", /^3\.11\./, { ...code, ...coroutines }),
  adapter("of Debian 13, with coroutines", "trixie", /^3\.13\./, { ...code, ...coroutines }),
];

function adapter(which: string, suite: "bookworm" | "trixie", runtimeVersion: RegExp, texts: typeof code): AgentAdapter {
  const named = Object.entries(texts).map(([name, text]) => [name, { code: text, handler: "handler" }]);
  const functions = Object.fromEntries(named) as AgentAdapter["functions"];
  return { name: `python ${which}`, format: "python", runtimeVersion, start: pythonAgent({ suite }), functions, echoPath: "src/echo.py" };
}
