/** Apps of WSGI, through a real agent and real frames. Python's own validator says whether the agent keeps to PEP 3333. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { until } from "../../../base/clock/until.ts";
import { LogLevel, ResetCode } from "../../../wire/protocol.ts";
import { bindPython, pythonAgent } from "../../testing/python-agent.ts";
import { type RunningAgent, startAgentProcess } from "../../testing/running-agent.ts";

const plain = {
  shows: `
import json
from wsgiref.validate import validator
def inner(environ, start_response):
    body = environ["wsgi.input"].read(-1).decode() if environ["REQUEST_METHOD"] == "POST" else ""
    environ.pop("mayfly.context")
    seen = {name: value for name, value in environ.items() if isinstance(value, (str, bool))}
    reply = json.dumps({**seen, "body": body}).encode()
    start_response("201 Made", [("Content-Type", "application/json"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])
    return [reply]
app = validator(inner)`,
  pieces: `
import threading
opened, closed = threading.Event(), []
class Pieces:
    def __iter__(self):
        yield b""
        yield b"first"
        opened.wait()
        yield b"second"
    def close(self):
        closed.append(True)
        print("closed")
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    if environ["PATH_INFO"] == "/open":
        opened.set()
        return [b"opened"]
    return Pieces()`,
  endless: `
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    try:
        while True:
            yield b"x" * 10_000
    finally:
        print("the endless one ended")`,
  writes: `
def app(environ, start_response):
    write = start_response("200 OK", [("Content-Type", "text/plain")])
    write(b"written, ")
    return [b"then returned"]`,
  reads: `
import hashlib
def app(environ, start_response):
    hash, size = hashlib.sha256(), 0
    while chunk := environ["wsgi.input"].read(30_000):
        hash.update(chunk)
        size += len(chunk)
    start_response("200 OK", [])
    return [f"{size} {hash.hexdigest()}".encode()]`,
  lines: `
def app(environ, start_response):
    start_response("200 OK", [])
    return (line.upper() for line in environ["wsgi.input"])`,
  silent: `
def app(environ, start_response):
    return [b"no head"]`,
  strange: `
def app(environ, start_response):
    start_response("fine", [])
    return [b""]`,
  throws: `
def app(environ, start_response):
    raise ValueError("no luck")`,
  replaces: `
import sys
def app(environ, start_response):
    start_response("200 OK", [("x-a", "1")])
    try:
        raise ValueError("too late for a good reply")
    except ValueError:
        start_response("503 Not Now", [("x-b", "2")], sys.exc_info())
    return [b"sorry"]`,
  midway: `
def app(environ, start_response):
    start_response("200 OK", [])
    yield b"some"
    raise ValueError("midway")`,
  kind: `
def app(environ, start_response):
    context = environ["mayfly.context"]
    status = environ["QUERY_STRING"] or "200"
    start_response(status, [("x-a", "1")])
    said = [environ["mayfly.kind"], environ["REQUEST_METHOD"], context.function_name, environ["wsgi.input"].read().decode()]
    return [" ".join(said).encode()]`,
};

for (const suite of ["bookworm", "trixie"] as const)
  describe(`WSGI with Python of ${suite}`, () => {
    let agent: RunningAgent;
    before(async () => {
      agent = await startAgentProcess({ start: pythonAgent({ suite }) });
      await bindPython(agent, plain, "app");
    });
    after(() => agent.kill());

    test("the environ is what PEP 3333 asks for, by Python's own validator", async () => {
      const headers = ["X-One", "1", "x-one", "2", "x_one", "forged", "Cookie", "a=b", "cookie", "c=d", "content-type", "text/plain"];
      headers.push("content-length", "5", "x-forwarded-for", "192.0.2.1, 192.0.2.2", "x-forwarded-prefix", "/app/shows");
      const url = "https://h.localhost:8443/p%20q/%C3%A4?a=%20b";
      const reply = await agent.call({ function: "shows", method: "POST", url, headers, body: "hello" });
      assert.deepEqual([reply.status, reply.headers["set-cookie"], reply.reset], [201, ["a=1", "b=2"], null]);
      assert.deepEqual(JSON.parse(reply.text), {
        REQUEST_METHOD: "POST",
        SCRIPT_NAME: "/app/shows",
        PATH_INFO: "/p q/Ã¤",
        QUERY_STRING: "a=%20b",
        REQUEST_URI: "/app/shows/p%20q/%C3%A4?a=%20b",
        SERVER_NAME: "h.localhost",
        SERVER_PORT: "8443",
        SERVER_PROTOCOL: "HTTP/1.1",
        REMOTE_ADDR: "192.0.2.1",
        CONTENT_TYPE: "text/plain",
        CONTENT_LENGTH: "5",
        HTTP_HOST: "h.localhost:8443",
        HTTP_X_ONE: "1,2",
        HTTP_COOKIE: "a=b; c=d",
        HTTP_X_FORWARDED_FOR: "192.0.2.1, 192.0.2.2",
        HTTP_X_FORWARDED_PREFIX: "/app/shows",
        "wsgi.url_scheme": "https",
        "wsgi.input_terminated": true,
        "wsgi.multithread": true,
        "wsgi.multiprocess": false,
        "wsgi.run_once": false,
        "mayfly.kind": "http",
        body: "hello",
      });
      assert.ok(!agent.logs.some(({ text }) => text.includes("Assertion")));
      const host = await agent.call({ function: "shows", headers: ["host", "other.localhost"] });
      const { HTTP_HOST, SCRIPT_NAME } = JSON.parse(host.text) as Record<string, string>;
      assert.deepEqual([HTTP_HOST, SCRIPT_NAME], ["other.localhost", ""]);
    });

    test("pieces of a body are sent as they come, and the iterable is closed before the reply ends", async () => {
      const got = Promise.withResolvers<void>();
      const closed = Promise.withResolvers<void>();
      let text = "";
      const take = (chunk: Buffer) => {
        text += chunk.toString();
        if (text === "first") got.resolve();
      };
      const request = agent.open(
        { head: (_s, _h, body) => take(body), data: take, closed: () => closed.resolve() },
        { function: "pieces" },
      );
      await got.promise;
      assert.equal((await agent.call({ function: "pieces", url: "http://localhost/open" })).text, "opened");
      await closed.promise;
      assert.equal(text, "firstsecond");
      assert.equal((await agent.logged("closed")).stream, request.stream);
    });

    test("an endless reply waits for its reader, and ends when the reader goes away", async () => {
      const closed = Promise.withResolvers<void>();
      let got = 0;
      const take = (chunk: Buffer) => void (got += chunk.length);
      const request = agent.open(
        { head: (_s, _h, body) => take(body), data: take, closed: () => closed.resolve() },
        { function: "endless" },
      );
      await until(() => got >= 65_536);
      assert.equal((await agent.call({ function: "writes" })).text, "written, then returned");
      request.reset(ResetCode.Cancelled, "");
      await closed.promise;
      assert.equal((await agent.logged("the endless one ended")).stream, request.stream);
    });

    test("a body of any size, also one that comes late, is read as a file", async () => {
      const body = Buffer.alloc(3_000_000, "0123456789");
      const reply = await agent.call({ function: "reads", method: "POST", body });
      assert.equal(reply.text, `3000000 ${createHash("sha256").update(body).digest("hex")}`);
      const closed = Promise.withResolvers<void>();
      let text = "";
      const take = (chunk: Buffer) => void (text += chunk.toString());
      const sink = { head: (_s: number, _h: string[], body: Buffer) => take(body), data: take, closed: () => closed.resolve() };
      const request = agent.open(sink, { function: "lines", method: "POST" }, false);
      for (const part of ["one\ntw", "o\n", "three"]) {
        request.write(Buffer.from(part));
        await agent.host.ping();
      }
      request.end();
      await closed.promise;
      assert.equal(text, "ONE\nTWO\nTHREE");
    });

    test("an app that gives no head or no status gives no response; one that raises fails, with its stack in the log", async () => {
      assert.equal((await agent.call({ function: "silent" })).reset?.code, ResetCode.BadResponse);
      assert.equal((await agent.call({ function: "strange" })).reset?.code, ResetCode.BadResponse);
      const reply = await agent.call({ function: "throws" });
      assert.deepEqual(reply.reset, { code: ResetCode.FunctionThrew, message: "ValueError: no luck" });
      const { stream, level, text } = await agent.logged("no luck");
      assert.deepEqual([stream, level], [reply.stream, LogLevel.Error]);
      assert.doesNotMatch(text, /mayfly\/handlers/);
      const midway = await agent.call({ function: "midway" });
      assert.deepEqual([midway.text, midway.reset?.code], ["some", ResetCode.FunctionThrew]);
    });

    test("a head that was not sent may be replaced after an error", async () => {
      const reply = await agent.call({ function: "replaces" });
      assert.deepEqual([reply.status, reply.headers, reply.text], [503, { "x-b": "2" }, "sorry"]);
    });

    test("an event comes as a POST that no caller can forge, and its status says whether it failed", async () => {
      const reply = await agent.call({ function: "kind", input: { kind: "event" }, body: "[1]" });
      assert.deepEqual([reply.status, reply.headers, reply.text], [200, {}, "event POST kind [1]"]);
      assert.equal((await agent.call({ function: "kind", url: "http://event.mayfly.internal/" })).text, "http GET kind ");
      assert.equal((await agent.call({ function: "kind", url: "http://x/?404" })).status, 404);
    });
  });
