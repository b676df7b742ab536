/** What a call and its reply look like on either side of the gateway. The file is long because it has a short test for each rule of HTTP. */
import { test } from "node:test";
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { until } from "../../base/clock/until.ts";
import { openTestGateway, rawClient, replyText, timing, type Seen } from "./testing/test-gateway.ts";

const get = (path: string, more = "") => `GET ${path} HTTP/1.1\r\nhost: h.test:80\r\n${more}\r\n`;

test("a call reaches its function with its own path, and the forwarded headers", async () => {
  await using open = await openTestGateway((seen) => replyText(seen, "hi"));
  const headers = "X-Forwarded-For: 10.0.0.1\r\nX-Forwarded-Proto: gopher\r\nX-Forwarded-Prefix: /p\r\nx-a: 1\r\nx-a: 2\r\n";
  const hop = "Connection: keep-alive, x-secret\r\nX-Secret: s\r\nTE: trailers\r\nKeep-Alive: 5\r\n";
  const client = rawClient(open.port, get("/app/hello/rest?q=1", headers + hop));
  await until(() => client.text.endsWith("hi"));
  const { request, input } = open.invocations[0]!;
  assert.deepEqual([request.app, request.function, request.timeoutMs, input.method], ["app", "hello", 30_000, "GET"]);
  assert.equal(input.url, "http://h.test:80/rest?q=1");
  assert.equal(request.body, null);
  assert.deepEqual(pairs(input.headers), [
    "host=h.test:80",
    "x-a=1",
    "x-a=2",
    "x-forwarded-for=127.0.0.1",
    "x-forwarded-proto=http",
    "x-forwarded-host=h.test:80",
    "x-forwarded-prefix=/app/hello",
  ]);
  client.socket.destroy();
});

test("replies carry length, timing and the invocation's id, and repeated headers stay", async () => {
  const forged = [
    "x-mayfly-invocation",
    "forged",
    "X-Mayfly-Other",
    "forged",
    "Date",
    "yesterday",
    "server-timing",
    'Run;dur=0, db;desc="a, run";dur=1',
  ];
  // Browsers keep cookies of all ports of a host together: these would end the session of whoever looks at the dashboard.
  for (const cookie of ["mayfly-session-7070=x; Path=/v1", " mayfly-session-7070 =x", "=mayfly-session-7070=x"])
    forged.push("set-cookie", cookie);
  const given = ["set-cookie", "a=1", "Set-Cookie", "b=2", ...forged, "set-cookie", "c=mayfly-session-7070=x"];
  await using open = await openTestGateway((seen) => replyText(seen, "héllo", given));
  const response = await fetch(`${open.url}/app/hello`);
  assert.deepEqual(response.headers.getSetCookie(), ["a=1", "b=2", "c=mayfly-session-7070=x"]);
  assert.equal(response.headers.get("content-length"), "6");
  assert.equal(response.headers.get("x-mayfly-invocation"), "t-1");
  assert.equal(response.headers.get("x-mayfly-other"), null);
  assert.equal(response.headers.get("server-timing"), 'db;desc="a, run";dur=1, queue;dur=1.5, start;dur=0, bind;dur=2, run;dur=3.25');
  assert.ok(Number.isFinite(Date.parse(response.headers.get("date") ?? "")), "the date is the gateway's");
  assert.equal(await response.text(), "héllo");
});

test("what concerns the pages of other apps is dropped where a path chose the app, and kept where a host of its own did", async () => {
  const given = ["Service-Worker-Allowed", "/", "clear-site-data", '"*"', "NEL", '{"max_age":60}', "x-own", "1"];
  await using open = await openTestGateway((seen) => replyText(seen, "hi", [...given]), { trustedProxies: ["127.0.0.1"] });
  const { headers } = await fetch(`${open.url}/app/hello`);
  assert.deepEqual(
    ["service-worker-allowed", "clear-site-data", "nel", "x-own"].map((name) => headers.get(name)),
    [null, null, null, "1"],
  );
  const client = rawClient(open.port, get("/", "X-Forwarded-Host: www.example.com\r\n"));
  await until(() => client.text.endsWith("hi"));
  for (let at = 0; at < given.length; at += 2) assert.ok(client.text.includes(`${given[at]}: ${given[at + 1]}\r\n`), client.text);
});

test("behind trusted proxies a function sees the client, its protocol and its host, whatever the client claims", async () => {
  await using open = await openTestGateway((seen) => replyText(seen, "hi"), { trustedProxies: ["127.0.0.1", "10.0.0.0/8"] });
  const spoofed =
    "Forwarded: for=6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\nX-Client-IP: 6.6.6.6\r\nCF-Connecting-IP: 6.6.6.6\r\nX_Real_IP: 6.6.6.6\r\nX-Forwarded-Port: 1\r\nx-forwarded-for: 6.6.6.6\r\n";
  const said = "X-Forwarded-For: 192.0.2.7, 10.0.0.3\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: www.example.com\r\n";
  const client = rawClient(open.port, get("/a?b", spoofed + said));
  await until(() => client.text.endsWith("hi"));
  const { request, input } = open.invocations[0]!;
  assert.deepEqual([request.function, input.url], ["other", "https://www.example.com/a?b"]);
  assert.deepEqual(pairs(input.headers), [
    "host=www.example.com",
    "x-forwarded-for=192.0.2.7, 10.0.0.3, 127.0.0.1",
    "x-forwarded-proto=https",
    "x-forwarded-host=www.example.com",
  ]);
  client.text = "";
  client.send(get("/a", "X-Forwarded-Host: a/b\r\n"));
  await until(() => client.text.includes("bad-request"));
  client.socket.destroy();
});

test("timing headers can be turned off", async () => {
  await using open = await openTestGateway((seen) => replyText(seen, "hi"), { timingHeaders: false });
  const { headers } = await fetch(`${open.url}/app/hello`);
  assert.deepEqual([headers.get("server-timing"), headers.get("x-mayfly-invocation")], [null, null]);
});

test("HEAD, 204 and 304 have no body, and the connection stays usable", async () => {
  let status = 200;
  await using open = await openTestGateway((seen) => {
    setImmediate(() => seen.reply.head(status, [], Buffer.from("a body"), true, timing));
  });
  const client = rawClient(open.port, "HEAD /app/hello HTTP/1.1\r\nhost: h\r\n\r\n");
  await until(() => client.text.includes("\r\n\r\n"));
  assert.match(client.text, /content-length: 6/);
  for (status of [204, 304]) {
    client.text = "";
    client.send(get("/app/hello"));
    await until(() => client.text.includes("\r\n\r\n"));
    assert.match(client.text, new RegExp(`^HTTP/1.1 ${status}`));
    assert.equal(client.text.includes("content-length"), status === 304);
  }
  status = 200;
  client.text = "";
  client.send(get("/app/hello"));
  await until(() => client.text.endsWith("a body"));
  client.socket.destroy();
});

test("a HEAD has the head of a GET, and never another length: short, long, streamed, of unknown length, compressed, without a body", async () => {
  const long = "long text ".repeat(20_000);
  const html = ["content-type", "text/html"];
  const replies: Record<string, { status?: number; headers: string[]; pieces: string[] }> = {
    short: { headers: html, pieces: ["a body"] },
    long: { headers: html, pieces: [long] },
    "streamed, of known length": { headers: [...html, "content-length", String(2 * long.length)], pieces: ["", long, long] },
    "streamed, of unknown length": { headers: html, pieces: ["", long, long] },
    "streamed, with its first piece": { headers: html, pieces: [long, long] },
    "not compressible": { headers: ["content-type", "image/png"], pieces: [long] },
    "no content": { status: 204, headers: [], pieces: [] },
    "not modified": { status: 304, headers: ["etag", '"a"'], pieces: [] },
  };
  let chosen = replies["short"]!;
  await using open = await openTestGateway((seen) => {
    const { status = 200, headers, pieces } = chosen;
    setImmediate(() => {
      seen.reply.head(status, [...headers], Buffer.from(pieces[0] ?? ""), pieces.length < 2, timing);
      for (const piece of pieces.slice(1)) seen.reply.data(Buffer.from(piece));
      if (pieces.length > 1) seen.reply.end();
    });
  });
  for (const [name, reply] of Object.entries(replies))
    for (const coding of ["identity", "gzip"]) {
      chosen = reply;
      const ask = (method: string) => fetch(`${open.url}/app/hello`, { method, headers: { "accept-encoding": coding } });
      const [whole, alone] = [await ask("GET"), await ask("HEAD")];
      const facts = ({ status, headers }: Response) =>
        [status, ...["content-type", "content-encoding", "vary", "etag"].map((header) => headers.get(header))].join();
      assert.equal(facts(alone), facts(whole), `${name}, ${coding}`);
      assert.equal(await alone.text(), "", name);
      const body = Buffer.from(await whole.arrayBuffer());
      if (reply.status === undefined) assert.equal(body.toString(), reply.pieces.join(""), name);
      const length = alone.headers.get("content-length");
      assert.ok(length === null || length === whole.headers.get("content-length"), `${name}, ${coding}: ${length}`);
      if (coding === "identity") assert.equal(length, whole.headers.get("content-length"), name);
      assert.equal(alone.headers.get("transfer-encoding"), null, name);
    }
});

test("the head of a body without an end is there at once for a HEAD", async () => {
  await using open = await openTestGateway((seen) => setImmediate(() => seen.reply.head(200, [], Buffer.from("first"), false, timing)));
  const client = rawClient(open.port, "HEAD /app/hello HTTP/1.1\r\nhost: h\r\n\r\n");
  await until(() => client.text.endsWith("\r\n\r\n"));
  const { reply } = open.invocations[0]!;
  for (let piece = 1; piece <= 20; piece++) reply.data(Buffer.alloc(50_000));
  await until(() => open.invocations[0]!.consumed === 1_000_005);
  reply.end();
  client.text = "";
  client.send("HEAD /app/hello HTTP/1.1\r\nhost: h\r\n\r\n");
  await until(() => client.text.startsWith("HTTP/1.1 200") && client.text.endsWith("\r\n\r\n"));
  client.socket.destroy();
});

test("errors are JSON with code, cure and id; 429 says when to retry", async () => {
  await using open = await openTestGateway((seen) => seen.reply.fail("queue-full", { app: "app", limit: 5 }));
  const response = await fetch(`${open.url}/app/hello`);
  assert.equal(response.status, 429);
  assert.equal(response.headers.get("retry-after"), "1");
  assert.equal(response.headers.get("content-type"), "application/json");
  const { error } = (await response.json()) as { error: Record<string, string> };
  assert.equal(error.code, "queue-full");
  assert.equal(error.id, "t-1");
  for (const [path, status] of [
    ["/none/x", 404],
    ["/app/none", 404],
    ["/", 404],
  ] as const) {
    assert.equal((await fetch(open.url + path)).status, status);
  }
});

test("callers are not told why an app's machine failed to start or ended, nor what the app returned", async () => {
  const affairs = "SECRET_NAME, mayfly.json says nonsense";
  for (const [code, details] of [
    ["machine-start-failed", { reason: affairs }],
    ["machine-died", { reason: affairs, app: "app" }],
    ["protocol-violation", { what: affairs }],
    ["bad-response", { app: "app", function: "hello", what: affairs }],
    ["internal", { what: affairs }],
    ["function-threw", { app: "app", function: "hello", what: affairs }],
  ] as const) {
    await using open = await openTestGateway((seen) => setImmediate(() => seen.reply.fail(code, details)));
    const response = await fetch(`${open.url}/app/hello`);
    const body = await response.text();
    assert.equal((JSON.parse(body) as { error: { code: string } }).error.code, code);
    assert.doesNotMatch(body, /SECRET_NAME|nonsense|\{\w+\}/);
    assert.match(body, /"id":"t-1"/);
  }
});

test("a refusal does not reveal whether an app exists", async () => {
  await using open = await openTestGateway(() => {});
  const bodies = ["/app/nothing", "/nobody/nothing"].map(async (path) =>
    (await (await fetch(open.url + path)).text()).replaceAll(path, "PATH"),
  );
  assert.equal(await bodies[0], await bodies[1]);
});

test("a failure after the reply began cuts the connection", async () => {
  await using open = await openTestGateway((seen) => {
    setImmediate(() => {
      seen.reply.head(200, [], Buffer.from("begun"), false, timing);
      setImmediate(() => seen.reply.fail("machine-died", { reason: "test" }));
    });
  });
  const client = rawClient(open.port, get("/app/hello"));
  await until(() => client.closed);
  assert.match(client.text, /begun/);
  assert.doesNotMatch(client.text, /\r\n0\r\n/);
});

test("a content-length that is not that of the body never reaches the client as a reply it could believe", async () => {
  const acts: ((seen: Seen) => void)[] = [
    ({ reply }) => reply.head(200, ["content-length", "9"], Buffer.from("four"), true, timing),
    ({ reply }) => reply.head(200, ["content-length", "2, 2"], Buffer.from("ab"), true, timing),
    ({ reply }) => reply.head(200, ["content-length", "2", "Content-Length", "2"], Buffer.from("ab"), true, timing),
    ({ reply }) => reply.head(200, ["content-length", "2"], Buffer.from("abc"), false, timing),
  ];
  for (const act of acts) {
    await using open = await openTestGateway((seen) => setImmediate(act, seen));
    const response = await fetch(`${open.url}/app/hello`);
    assert.equal(response.status, 500);
    assert.equal(((await response.json()) as { error: { code: string } }).error.code, "bad-response");
    assert.ok(open.invocations[0]!.aborted);
  }
  for (const more of ["", "too much"]) {
    await using open = await openTestGateway((seen) =>
      setImmediate(() => {
        seen.reply.head(200, ["content-length", "8"], Buffer.from("four"), false, timing);
        if (more !== "") seen.reply.data(Buffer.from(more));
        seen.reply.end();
      }),
    );
    const client = rawClient(open.port, get("/app/hello"));
    await until(() => client.closed);
    assert.doesNotMatch(client.text, /too much/);
  }
});

test("headers that HTTP cannot carry become a bad-response", async () => {
  await using open = await openTestGateway((seen) => replyText(seen, "hi", ["x", "a\r\nb"]));
  assert.equal((await fetch(`${open.url}/app/hello`)).status, 500);
  assert.equal((await fetch(`${open.url}/_mayfly/health`)).status, 200);
});

test("server-sent events arrive one by one, the head before the first", async () => {
  await using open = await openTestGateway(() => {});
  const client = rawClient(open.port, get("/app/hello"));
  await until(() => open.invocations.length === 1);
  const { reply } = open.invocations[0]!;
  reply.head(200, ["content-type", "text/event-stream"], Buffer.alloc(0), false, timing);
  await until(() => client.text.includes("event-stream"));
  for (const n of [1, 2, 3]) {
    reply.data(Buffer.from(`data: ${n}\n\n`));
    await until(() => client.text.includes(`data: ${n}`));
  }
  reply.end();
  await until(() => client.text.endsWith("0\r\n\r\n"));
  client.socket.destroy();
});

test("a client that does not read stops the guest's credit, and is disconnected in the end", async () => {
  await using open = await openTestGateway(() => {}, { limits: { idleMs: 200 } });
  const client = rawClient(open.port, get("/app/hello"));
  client.socket.pause();
  await until(() => open.invocations.length === 1);
  const seen = open.invocations[0]!;
  seen.reply.head(200, [], Buffer.alloc(0), false, timing);
  let given = 0;
  // The guest keeps to its window: it writes only while it has credit.
  while (!seen.aborted) {
    while (given - seen.consumed + 16_384 <= 65_536) {
      seen.reply.data(Buffer.alloc(16_384));
      given += 16_384;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(given < 30_000_000, `${given} bytes were taken for a client that read nothing`);
});

test("malformed requests and refused methods get an answer and the end of the connection", async () => {
  await using open = await openTestGateway((seen) => replyText(seen, "hi"), { limits: { headBytes: 4_096, headMs: 300 } });
  const cases: [string, RegExp][] = [
    ["nonsense\r\n\r\n", /^HTTP\/1.1 400 .*"code":"bad-request"/s],
    [get("/app/hello", `x: ${"y".repeat(5_000)}\r\n`), /^HTTP\/1.1 431 .*"code":"head-too-large"/s],
    [get("/app/hello", "x: 1\r\n".repeat(300)), /^HTTP\/1.1 431 .*"code":"head-too-large"/s],
    ["CONNECT example.com:443 HTTP/1.1\r\nhost: example.com\r\n\r\n", /^HTTP\/1.1 501 .*"code":"method-not-supported"/s],
    ["GET /app/hello HTTP/1.1\r\nhost: h\r\n", /^HTTP\/1.1 408 .*"code":"request-timeout"/s],
    [
      "POST /app/hello HTTP/1.1\r\nhost: h\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
      /^HTTP\/1.1 501 .*"code":"upgrade-not-supported"/s,
    ],
    ["GET /app/hello HTTP/1.1\r\nhost: a b\r\n\r\n", /^HTTP\/1.1 400 .*"code":"bad-request"/s],
  ];
  for (const [sent, expected] of cases) {
    const client = rawClient(open.port, sent);
    await until(() => client.text.endsWith("}\n") || client.closed);
    assert.match(client.text, expected);
    client.socket.destroy();
  }
  assert.equal(open.invocations.length, 0);
});

test("a client that keeps its end open after a refusal is cut off, and holds up no close", async () => {
  const limits = { headMs: 100, lingerMs: 100 };
  const cases = ["CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n", "nonsense\r\n\r\n", "GET / HTTP/1.1\r\n", ""];
  for (const sent of cases) {
    await using open = await openTestGateway(() => {}, { limits });
    const client = rawClient(open.port, sent, true);
    await until(() => client.text.endsWith("}\n"));
    // Until the client has closed, its writes are accepted and dropped; afterwards each write is answered by a reset.
    while (!client.closed) {
      client.send("x");
      await pause(20);
    }
  }
  const open = await openTestGateway(() => {}, { limits: { lingerMs: 60_000 } });
  const client = rawClient(open.port, cases[0], true);
  await until(() => client.text.endsWith("}\n"));
  await open.gateway.close(60_000);
  client.socket.destroy();
});

test("an absolute request target is routed by its own host", async () => {
  await using open = await openTestGateway((seen) => replyText(seen, "hi"));
  const client = rawClient(open.port, "GET http://www.example.com/x?y HTTP/1.1\r\nhost: other\r\n\r\n");
  await until(() => client.text.endsWith("hi"));
  assert.deepEqual([open.invocations[0]!.request.function, open.invocations[0]!.input.url], ["other", "http://www.example.com/x?y"]);
  client.socket.destroy();
});

test("close lets calls in progress finish, refuses new ones, and cuts off those that do not end", async () => {
  const open = await openTestGateway(() => {});
  const calm = rawClient(open.port, get("/app/hello"));
  const endless = rawClient(open.port, get("/app/hello"));
  await until(() => open.invocations.length === 2);
  const closed = open.gateway.close(300);
  replyText(open.invocations[0]!, "finished");
  await until(() => calm.closed);
  assert.match(calm.text, /connection: close.*finished/is);
  await closed;
  await until(() => endless.closed && open.invocations[1]!.aborted);
});

function pairs(headers: string[]): string[] {
  return headers.flatMap((name, at) => (at % 2 === 0 ? [`${name.toLowerCase()}=${headers[at + 1]}`] : []));
}

test("an invocation has the caller's trace where that is valid, and one of its own where it is not", async () => {
  await using open = await openTestGateway((seen) => replyText(seen, "hi"));
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const client = rawClient(open.port, get("/app/hello", `Traceparent: ${traceparent}\r\ntracestate: a=1\r\nTraceState: b=2\r\n`));
  await until(() => client.text.endsWith("hi"));
  client.send(get("/app/hello", `traceparent: ${traceparent}\r\ntraceparent: ${traceparent}\r\n`));
  await until(() => client.text.endsWith("hi") && open.invocations.length === 2);
  const [first, second] = open.invocations.map(({ request }) => request);
  assert.deepEqual(first!.trace, { traceparent, tracestate: "a=1, b=2" });
  assert.match(second!.trace.traceparent, /^00-(?!0af7)[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  assert.deepEqual([first!.attempt, first!.input.kind], [1, "http"]);
  // The headers themselves are the caller's business and the function's.
  assert.ok(pairs(open.invocations[1]!.input.headers).includes(`traceparent=${traceparent}`));
});
