/** Apps of ASGI, through a real agent and real frames. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { afterwards } from "../../../base/testing/afterwards.ts";
import { LogLevel, REHEARSAL_APP, ResetCode } from "../../../wire/protocol.ts";
import { bindPython, pythonAgent } from "../../testing/python-agent.ts";
import { type RunningAgent, startAgentProcess } from "../../testing/running-agent.ts";

const whole = `
async def whole(receive):
    body = b""
    while True:
        message = await receive()
        assert message["type"] == "http.request", message
        body += message["body"]
        if not message["more_body"]:
            return body
async def reply(send, body, status=200, headers=()):
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
`;

const apps = {
  shows: `${whole}
async def app(scope, receive, send):
    del scope["extensions"]["mayfly"]["context"]
    body = repr({**scope, "body": await whole(receive)}).encode()
    await reply(send, body, 201, [(b"Set-Cookie", b"a=1"), (b"set-cookie", b"b=2")])`,
  echoes: `
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    more = True
    while more:
        message = await receive()
        more = message["more_body"]
        await send({"type": "http.response.body", "body": message["body"].upper(), "more_body": more})`,
  trailers: `${whole}
async def app(scope, receive, send):
    assert await whole(receive) == b"sent"
    for at in range(20):
        await send({"type": "http.response.early_hint", "links": [b"</%d.css>; rel=preload" % at]})
    await send({"type": "http.response.start", "status": 200, "headers": [], "trailers": True})
    await send({"type": "http.response.body", "body": b"body"})
    try:
        await send({"type": "http.response.body", "body": b"more"})
    except RuntimeError:
        pass
    await send({"type": "http.response.trailers", "headers": [(b"X-One", b"1"), (b"Set-Cookie", b"a=1"), (b"x bad", b"")], "more_trailers": True})
    await send({"type": "http.response.trailers", "headers": [(b"x-two", b"2")]})`,
  forgets: `
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [], "trailers": True})
    await send({"type": "http.response.body", "body": b"body"})`,
  endless: `
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    try:
        while True:
            await send({"type": "http.response.body", "body": b"x" * 10_000, "more_body": True})
    except OSError:
        print("send said so")`,
  listens: `${whole}
async def app(scope, receive, send):
    await whole(receive)
    print("listening")
    print((await receive())["type"])`,
  stubborn: `
import asyncio
async def app(scope, receive, send):
    assert scope["type"] == "http"
    print("stuck")
    try:
        await asyncio.Event().wait()
    finally:
        print("cancelled")`,
  background: `${whole}
import asyncio
go_on = asyncio.Event()
async def app(scope, receive, send):
    if scope["path"] == "/go":
        go_on.set()
        return await reply(send, b"gone")
    await reply(send, b"replied")
    await go_on.wait()
    print("done in the background")`,
  throws: `
async def app(scope, receive, send):
    raise ValueError("no luck")`,
  late: `${whole}
async def app(scope, receive, send):
    await reply(send, b"good")
    raise ValueError("too late")`,
  midway: `
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"some", "more_body": True})
    raise ValueError("midway")`,
  silent: `
async def app(scope, receive, send):
    pass`,
  unordered: `
async def app(scope, receive, send):
    await send({"type": "http.response.body", "body": b""})`,
  headless: `${whole}
async def app(scope, receive, send):
    await reply(send, b"x", 200, [(b"x y", b"1")])`,
  kind: `${whole}
async def app(scope, receive, send):
    about = scope["extensions"]["mayfly"]
    said = [about["kind"], scope["method"], about["context"].function_name, (await whole(receive)).decode()]
    await reply(send, " ".join(said).encode(), int(scope["query_string"] or b"200"), [(b"x-a", b"1")])`,
};

const lifespan = `
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        print("starts up")
        scope["state"]["made"] = "at startup"
        await send({"type": "lifespan.startup.complete"})
        await receive()
        print("shuts down")
        await send({"type": "lifespan.shutdown.complete"})
    else:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": scope["state"]["made"].encode()})
        scope["state"]["made"] = "spoiled"`;

for (const suite of ["bookworm", "trixie"] as const)
  describe(`ASGI with Python of ${suite}`, () => {
    let agent: RunningAgent;
    before(async () => {
      agent = await startAgentProcess({ start: pythonAgent({ suite }) });
      await bindPython(agent, apps, "app");
    });
    after(() => agent.kill());

    const open = (name: string, end = true) => {
      const closed = Promise.withResolvers<void>();
      const seen = { text: "", ended: false, reset: 0 };
      const take = (chunk: Buffer) => void (seen.text += chunk.toString());
      const request = agent.open(
        {
          head(_status, _headers, body, ended) {
            take(body);
            seen.ended = ended;
          },
          data: take,
          end: () => void (seen.ended = true),
          reset: (code) => void (seen.reset = code),
          closed: () => closed.resolve(),
        },
        { function: name, method: end ? "GET" : "POST" },
        end,
      );
      return { request, seen, closed: closed.promise };
    };
    const seenBy = async (condition: () => boolean) => {
      while (!condition()) await agent.host.ping();
    };

    test("the scope is what ASGI asks for", async () => {
      const headers = ["X-One", "1", "x-one", "2", "content-type", "text/plain", "x-forwarded-for", "192.0.2.1, 192.0.2.2"];
      headers.push("x-forwarded-prefix", "/app/shows");
      const url = "https://h.localhost:8443/p%20q/%C3%A4?a=%20b";
      const reply = await agent.call({ function: "shows", method: "POST", url, headers, body: "hello" });
      assert.deepEqual([reply.status, reply.headers["set-cookie"] ?? reply.headers, reply.reset], [201, ["a=1", "b=2"], null]);
      for (const part of [
        `'type': 'http', 'asgi': {'version': '3.0', 'spec_version': '2.4'}, 'http_version': '1.1', 'method': 'POST', 'scheme': 'https'`,
        `'path': '/app/shows/p q/ä', 'raw_path': b'/app/shows/p%20q/%C3%A4', 'query_string': b'a=%20b', 'root_path': '/app/shows'`,
        `'headers': [(b'host', b'h.localhost:8443'), (b'x-one', b'1'), (b'x-one', b'2'), (b'content-type', b'text/plain')`,
        `'client': ('192.0.2.1', 0), 'server': ('h.localhost', 8443)`,
        `'extensions': {'mayfly': {'kind': 'http'}, 'http.response.trailers': {}, 'http.response.early_hint': {}}, 'body': b'hello'`,
      ])
        assert.ok(reply.text.includes(part), `${part} is not in ${reply.text}`);
    });

    test("trailers and early hints reach the caller, as far as HTTP can carry them", async () => {
      const closed = Promise.withResolvers<void>();
      const seen = { interim: [] as unknown[], text: "", trailers: [] as string[], reset: "" };
      const take = (chunk: Buffer) => void (seen.text += chunk.toString());
      const request = agent.open(
        {
          interim: (...given) => seen.interim.push(given),
          head: (_status, _headers, body) => take(body),
          data: take,
          end: (trailers = []) => (seen.trailers = trailers),
          reset: (_code, message) => (seen.reset = message),
          closed: () => closed.resolve(),
        },
        { function: "trailers", method: "POST" },
        false,
      );
      request.write(Buffer.from("sent"));
      // An app has no form in which it could be told of the caller's own.
      request.end(["x-sent", "1"]);
      await closed.promise;
      assert.deepEqual([seen.reset, seen.text, seen.trailers], ["", "body", ["x-one", "1", "x-two", "2"]]);
      assert.equal(seen.interim.length, 16);
      assert.deepEqual(seen.interim[1], [103, ["link", "</1.css>; rel=preload"]]);
      const forgets = await agent.call({ function: "forgets" });
      assert.deepEqual([forgets.text, forgets.reset?.code], ["body", ResetCode.BadResponse]);
    });

    test("bodies stream in both directions at once", async () => {
      const { request, seen, closed } = open("echoes", false);
      for (const [part, sum] of [
        ["one ", "ONE "],
        ["two ", "ONE TWO "],
      ] as const) {
        request.write(Buffer.from(part));
        await seenBy(() => seen.text === sum);
      }
      request.end();
      await closed;
      assert.deepEqual([seen.text, seen.ended], ["ONE TWO ", true]);
      const large = await agent.call({ function: "echoes", method: "POST", body: "x".repeat(3_000_000) });
      assert.ok(large.text === "X".repeat(3_000_000));
    });

    test("an endless reply waits for its reader, and send() raises when the reader has gone away", async () => {
      const { request, seen, closed } = open("endless");
      await seenBy(() => seen.text.length >= 65_536);
      assert.match((await agent.call({ function: "shows" })).text, /http/);
      request.reset(ResetCode.Cancelled, "");
      await closed;
      assert.equal((await agent.logged("send said so")).stream, request.stream);
    });

    test("receive() says that the caller went away; an app that does not listen is cancelled", async () => {
      for (const [name, first, last] of [
        ["listens", "listening", "http.disconnect"],
        ["stubborn", "stuck", "cancelled"],
      ] as const) {
        const { request, closed } = open(name);
        await agent.logged(first);
        request.reset(ResetCode.Timeout, "");
        await closed;
        assert.equal((await agent.logged(last)).stream, request.stream);
      }
    });

    test("an invocation whose app works on after its reply ends when the app does", async () => {
      const { request, seen, closed } = open("background");
      await seenBy(() => seen.ended);
      assert.equal(seen.text, "replied");
      assert.equal(agent.host.inFlight, 1);
      assert.equal((await agent.call({ function: "background", url: "http://localhost/go" })).text, "gone");
      await closed;
      assert.equal((await agent.logged("done in the background")).stream, request.stream);
    });

    test("an app that raises fails, and after its reply only the log says so", async () => {
      const reply = await agent.call({ function: "throws" });
      assert.deepEqual(reply.reset, { code: ResetCode.FunctionThrew, message: "ValueError: no luck" });
      const { stream, level, text } = await agent.logged("no luck");
      assert.deepEqual([stream, level], [reply.stream, LogLevel.Error]);
      assert.doesNotMatch(text, /mayfly\/handlers/);
      const midway = await agent.call({ function: "midway" });
      assert.deepEqual([midway.text, midway.reset?.code], ["some", ResetCode.FunctionThrew]);
      const late = await agent.call({ function: "late" });
      assert.deepEqual([late.text, late.reset], ["good", null]);
      assert.match((await agent.logged("too late")).text, /Traceback/);
    });

    test("no reply, a reply out of order and a head that HTTP cannot carry fail their invocations only", async () => {
      assert.equal((await agent.call({ function: "silent" })).reset?.code, ResetCode.BadResponse);
      assert.equal((await agent.call({ function: "unordered" })).reset?.code, ResetCode.FunctionThrew);
      assert.equal((await agent.call({ function: "headless" })).reset?.code, ResetCode.BadResponse);
    });

    test("an event comes as a POST that no caller can forge, and its status says whether it failed", async () => {
      const reply = await agent.call({ function: "kind", input: { kind: "event" }, body: "[1]" });
      assert.deepEqual([reply.status, reply.headers, reply.text], [200, {}, "event POST kind [1]"]);
      assert.equal((await agent.call({ function: "kind", url: "http://event.mayfly.internal/" })).text, "http GET kind ");
      assert.equal((await agent.call({ function: "kind", url: "http://x/?404", input: { kind: "event" } })).status, 200);
    });

    const fresh = async (t: Parameters<typeof afterwards>[0]) => {
      const other = await startAgentProcess({ start: pythonAgent({ suite }) });
      afterwards(t, () => other.kill());
      return other;
    };

    test("an app starts up before its first request and shuts down when it is forgotten; what it keeps is there for each request", async (t) => {
      const other = await fresh(t);
      await bindPython(other, { main: lifespan }, "app", { app: REHEARSAL_APP, preload: "main" });
      assert.deepEqual(
        other.logs.map(({ text }) => text),
        ["starts up"],
      );
      await bindPython(other, { main: lifespan }, "app");
      assert.equal(other.logs.at(-1)?.text, "shuts down");
      for (let time = 0; time < 2; time++) assert.equal((await other.call()).text, "at startup");
      assert.deepEqual(
        other.logs.map(({ text, stream }) => [text, stream]),
        ["starts up", "shuts down", "starts up"].map((text) => [text, 0]),
      );
    });

    test("an app that cannot start up cannot be loaded, and says why", async (t) => {
      const other = await fresh(t);
      const failing = `
async def app(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no database"})`;
      await bindPython(other, { main: failing }, "app", { preload: "main" });
      assert.equal((await other.logged("no database")).stream, 0);
      assert.equal((await other.call()).reset?.code, ResetCode.FunctionLoadFailed);
    });
  });
