/** HTTP/2 at the gateway, by node:http2's client and by frames that no client would send. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type ClientHttp2Session, connect as connectH2, constants } from "node:http2";
import { connect } from "node:net";
import { test, type TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { until } from "../../../base/clock/until.ts";
import { afterwards } from "../../../base/testing/afterwards.ts";
import { certificate } from "../test-certificate.ts";
import { openTestGateway, rawClient, replyText, timing } from "../testing/test-gateway.ts";

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

function open(t: TestContext, url: string, options = {}): ClientHttp2Session {
  const session = connectH2(url, options);
  session.on("error", () => {});
  afterwards(t, () => session.destroy());
  return session;
}

interface Asked {
  headers?: Record<string, string>;
  body?: string;
}

async function ask(session: ClientHttp2Session, path: string, { headers = {}, body }: Asked = {}) {
  const stream = session.request({ ":path": path, ":authority": "h.test", ...headers }, { endStream: body === undefined });
  const seen = {
    status: 0,
    headers: {} as Record<string, unknown>,
    text: "",
    trailers: {} as Record<string, unknown>,
    interim: [] as unknown[],
  };
  stream.on("headers", (given) => seen.interim.push(given));
  stream.on("response", (given) => Object.assign(seen, { status: given[":status"], headers: given }));
  stream.on("trailers", (given) => (seen.trailers = given));
  stream.setEncoding("latin1").on("data", (text: string) => (seen.text += text));
  if (body !== undefined) stream.end(body);
  await once(stream, "close");
  return seen;
}

/** A frame of HTTP/2. */
function frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

const [HEADERS, RST_STREAM, SETTINGS, PING, CONTINUATION] = [1, 3, 4, 6, 9];
/** `GET http /app/hello`, :authority h: indexed and literal fields of HPACK. */
const get = Buffer.concat([Buffer.from([0x82, 0x86, 0x04, 10]), Buffer.from("/app/hello"), Buffer.from([0x01, 1]), Buffer.from("h")]);

test("a request over HTTP/2 reaches its function as one over HTTP/1.1, and its reply comes back", async (t) => {
  await using gateway = await openTestGateway((seen) =>
    replyText(seen, "hi", ["content-type", "text/plain", "set-cookie", "a=1", "Set-Cookie", "b=2", "Connection", "x"]),
  );
  const session = open(t, gateway.url);
  const reply = await ask(session, "/app/hello/rest?q=1", { headers: { "x-a": "1", cookie: "a=1; b=2", "x-forwarded-for": "6.6.6.6" } });
  assert.deepEqual(
    [reply.status, reply.text, reply.headers["set-cookie"], reply.headers["x-mayfly-invocation"]],
    [200, "hi", ["a=1", "b=2"], "t-1"],
  );
  assert.equal(reply.headers["connection"], undefined);
  const { request, input } = gateway.invocations[0]!;
  assert.deepEqual([request.function, request.body, input.method, input.url], ["hello", null, "GET", "http://h.test/rest?q=1"]);
  assert.deepEqual(pairs(input.headers), [
    "host=h.test",
    "x-a=1",
    "cookie=a=1; b=2",
    "x-forwarded-for=127.0.0.1",
    "x-forwarded-proto=http",
    "x-forwarded-host=h.test",
    "x-forwarded-prefix=/app/hello",
  ]);
  const errors = await ask(session, "/none");
  assert.deepEqual([errors.status, JSON.parse(errors.text).error.code], [404, "no-such-route"]);
  assert.equal((await ask(session, "/_mayfly/health")).status, 200);
  const head = await ask(session, "/app/hello", { headers: { ":method": "HEAD" } });
  assert.deepEqual([head.status, head.headers["content-length"], head.text], [200, "2", ""]);
});

test("HTTP/1.1 goes on at the same port, also on connections whose first bytes come one by one", async () => {
  await using gateway = await openTestGateway((seen) => replyText(seen, "hi"));
  assert.equal(await (await fetch(`${gateway.url}/app/hello`)).text(), "hi");
  const client = rawClient(gateway.port);
  for (const byte of "PUT /app/hello HTTP/1.1\r\nhost: h\r\n\r\n") {
    client.send(byte);
    await pause(1);
  }
  await until(() => client.text.endsWith("hi"));
  const late = rawClient(gateway.port);
  await pause(1_200);
  late.send("GET /app/hello HTTP/1.1\r\nhost: h\r\n\r\n");
  await until(() => late.text.endsWith("hi"));
  client.socket.destroy();
  late.socket.destroy();
});

test("over TLS the handshake settles the version", async (t) => {
  await using gateway = await openTestGateway((seen) => replyText(seen, "hi"), { tls: certificate });
  const session = open(t, `https://127.0.0.1:${gateway.port}`, { rejectUnauthorized: false });
  assert.equal((await ask(session, "/app/hello")).text, "hi");
  assert.equal(gateway.invocations[0]!.input.url, "https://h.test/");
  assert.equal(session.alpnProtocol, "h2");
});

test("bodies stream both ways at once, and trailers and interim responses pass", async (t) => {
  await using gateway = await openTestGateway((seen) => {
    seen.reply.interim?.(103, ["Link", "</a.css>; rel=preload; as=style"]);
    setImmediate(() => seen.reply.head(200, [], Buffer.from("begun "), false, timing));
  });
  const session = open(t, gateway.url);
  const reply = ask(session, "/app/hello", { headers: { ":method": "POST", te: "trailers", expect: "100-continue" }, body: "sent" });
  await until(() => gateway.invocations[0]?.bodyEnded === true);
  const seen = gateway.invocations[0]!;
  assert.deepEqual([seen.request.body, Buffer.concat(seen.body).toString()], ["stream", "sent"]);
  seen.reply.data(Buffer.from("ended"));
  seen.reply.end(["Grpc-Status", "0"]);
  const { text, trailers, interim } = await reply;
  assert.deepEqual([text, trailers["grpc-status"]], ["begun ended", "0"]);
  assert.deepEqual(
    interim.map((each) => (each as Record<string, unknown>)[":status"]),
    [100, 103],
  );
});

test("an expectation is met only if the request may be sent, and others are refused", async (t) => {
  await using gateway = await openTestGateway(() => {});
  const session = open(t, gateway.url);
  const post = (expect: string, path: string) =>
    ask(session, path, { headers: { ":method": "POST", expect, "content-length": "2000" }, body: "x".repeat(2_000) });
  const lost = await post("100-continue", "/none/x");
  const large = await post("100-continue", "/single/x");
  const odd = await post("200-ok", "/app/hello");
  const codes = [lost, large, odd].map(({ status, text, interim }) => [status, JSON.parse(text).error.code, interim.length]);
  assert.deepEqual(codes, [
    [404, "no-such-route", 0],
    [413, "body-too-large", 0],
    [417, "expectation-failed", 0],
  ]);
  assert.equal(gateway.invocations.length, 0);
});

test("a client that opens requests without end and sends no bodies is bounded, and another one is served meanwhile", async (t) => {
  await using gateway = await openTestGateway(
    (seen) => {
      if (seen.input.method === "GET") replyText(seen, "hi");
    },
    { connections: { most: 1_000, perClient: 300 } },
  );
  // Ten connections with as many requests as each may have.
  const sessions = Array.from({ length: 10 }, () => open(t, gateway.url));
  for (const session of sessions) await until(() => session.remoteSettings?.maxConcurrentStreams === 128);
  const streams = sessions.flatMap((session) =>
    Array.from({ length: 128 }, () => session.request({ ":path": "/app/hello", ":authority": "h", ":method": "POST" })),
  );
  let refused = 0;
  for (const stream of streams) stream.on("error", () => {}).on("response", () => (refused += 1));
  await until(() => refused === streams.length - 300);
  assert.equal(gateway.invocations.length, 300);
  const other = open(t, gateway.url, { localAddress: "127.0.0.2" });
  for (let count = 0; count < 20; count += 1) assert.equal((await ask(other, "/app/hello")).text, "hi");
});

test("a response without a body is one frame that ends the stream", async (t) => {
  await using gateway = await openTestGateway((seen) =>
    setImmediate(() => seen.reply.head(200, ["grpc-status", "5"], Buffer.alloc(0), true, timing)),
  );
  const session = open(t, gateway.url);
  const stream = session.request({ ":path": "/app/hello", te: "trailers" }, { endStream: true });
  const [headers, flags] = (await once(stream, "response")) as [Record<string, unknown>, number];
  assert.deepEqual([headers["grpc-status"], flags & constants.NGHTTP2_FLAG_END_STREAM], ["5", constants.NGHTTP2_FLAG_END_STREAM]);
});

test("a client of gRPC gets an error as a status of gRPC, with its message, and other clients get JSON", async (t) => {
  await using gateway = await openTestGateway((seen) => seen.reply.fail("function-timeout", { function: "hello", app: "app", ms: 5 }));
  const session = open(t, gateway.url);
  const refused = async (path: string, type: string) => {
    const stream = session.request({ ":path": path, ":method": "POST", "content-type": type, te: "trailers" }, { endStream: true });
    const [headers, flags] = (await once(stream, "response")) as [Record<string, unknown>, number];
    stream.close();
    const isWhole = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    return [
      headers[":status"],
      headers["content-type"],
      headers["grpc-status"],
      decodeURIComponent(String(headers["grpc-message"])),
      isWhole,
    ];
  };
  const [status, type, code, message, isWhole] = await refused("/nowhere/x", "application/grpc+proto");
  assert.deepEqual([status, type, code, isWhole], [200, "application/grpc", "12", true]);
  assert.match(String(message), /^Nothing is routed at \/nowhere\/x\. \(no-such-route\)$/);
  assert.equal((await refused("/app/hello", "application/grpc"))[2], "4");
  assert.deepEqual((await refused("/nowhere/x", "application/grpc-web")).slice(0, 3), [404, "application/json", undefined]);
});

test("a client that resets its request aborts the invocation, and its other requests go on", async (t) => {
  await using gateway = await openTestGateway((seen) => {
    if (seen.input.method === "PUT") replyText(seen, "whole");
  });
  const session = open(t, gateway.url);
  const stream = session.request({ ":path": "/app/hello" });
  stream.on("error", () => {});
  await until(() => gateway.invocations.length === 1);
  stream.close(constants.NGHTTP2_CANCEL);
  await until(() => gateway.invocations[0]!.aborted);
  assert.equal((await ask(session, "/app/hello", { headers: { ":method": "PUT" }, body: "" })).text, "whole");
});

test("what a client does not take of one reply holds up neither its other replies nor the memory", async (t) => {
  await using gateway = await openTestGateway((seen) => {
    if (seen.input.url.includes("slow")) setImmediate(() => seen.reply.head(200, [], Buffer.alloc(0), false, timing));
    else replyText(seen, "quick");
  });
  const session = open(t, gateway.url);
  const stream = session.request({ ":path": "/app/hello/slow" });
  await once(stream, "response");
  const slow = gateway.invocations[0]!;
  // The client's window of a stream is 65,535 bytes. What the function has sent beyond that gets no new credit.
  for (let count = 0; count < 4; count += 1) slow.reply.data(Buffer.alloc(65_536));
  for (let count = 0; count < 20; count += 1) assert.equal((await ask(session, "/app/hello")).text, "quick");
  assert.ok(slow.consumed < 4 * 65_536, `${slow.consumed} bytes count as taken`);
  stream.resume();
  await until(() => slow.consumed === 4 * 65_536);
});

test("a client that sends a body too slowly, or too much of it, loses that request alone", async (t) => {
  await using gateway = await openTestGateway(() => {}, { limits: { idleMs: 200, lingerMs: 200 } });
  const session = open(t, gateway.url);
  const stream = session.request({ ":path": "/app/hello", ":method": "POST" });
  stream.on("error", () => {});
  const [headers] = (await once(stream, "response")) as [Record<string, unknown>];
  assert.equal(headers[":status"], 408);
  stream.resume();
  const large = await ask(session, "/single/x", { headers: { ":method": "POST" }, body: "x".repeat(2_000) });
  assert.deepEqual([large.status, JSON.parse(large.text).error.code], [413, "body-too-large"]);
});

test("the gateway ends idle sessions, and at its close those whose requests are done", async (t) => {
  const gateway = await openTestGateway((seen) => setTimeout(() => replyText(seen, "late"), 100), { limits: { keepAliveMs: 100 } });
  const idle = open(t, gateway.url);
  await ask(idle, "/app/hello");
  await until(() => idle.closed);
  const busy = open(t, gateway.url);
  const reply = ask(busy, "/app/hello");
  await until(() => gateway.invocations.length === 2);
  const closed = gateway.gateway.close(5_000);
  assert.equal((await reply).text, "late");
  await closed;
  await until(() => busy.closed);
});

interface Hostile {
  closed: () => boolean;
  send: (bytes: Buffer) => Promise<void>;
}

function hostile(t: TestContext, port: number): Hostile {
  const socket = connect(port, "127.0.0.1");
  let closed = false;
  socket.on("error", () => {}).on("close", () => (closed = true));
  socket.resume();
  socket.write(Buffer.concat([Buffer.from(PREFACE), frame(SETTINGS, 0, 0)]));
  afterwards(t, () => void socket.destroy());
  return {
    closed: () => closed,
    send: (bytes) => new Promise((resolve) => (closed ? resolve() : socket.write(bytes, () => resolve()))),
  };
}

/** Sends it until the gateway has had enough of this client. */
async function flood({ closed, send }: Hostile, most: number, next: (count: number) => Buffer): Promise<void> {
  for (let count = 0; count < most && !closed(); count += 1) {
    await send(next(count));
    if (count % 16 === 0) await pause(0);
  }
  await until(closed);
}

test("requests that come in one packet with the beginning of the connection and a mistake that ends it leave the gateway as it was", async (t) => {
  await using gateway = await openTestGateway((seen) => replyText(seen, "hi"));
  const mistakes: Record<string, Buffer> = {
    "data of a request that has ended": frame(0, 0, 1, Buffer.from("x")),
    "a window that is full": frame(8, 0, 0, Buffer.alloc(4)),
    "settings that are none": frame(SETTINGS, 0, 0, Buffer.from("x")),
    "headers that are none": frame(HEADERS, 5, 3, Buffer.alloc(5, 0xff)),
    "the end of the connection, for a reason": frame(7, 0, 0, Buffer.from([0, 0, 0, 0, 0, 0, 0, 2])),
  };
  for (const [what, mistake] of Object.entries(mistakes)) {
    const socket = connect(gateway.port, "127.0.0.1");
    let closed = false;
    socket.on("error", () => {}).on("close", () => (closed = true));
    socket.resume();
    afterwards(t, () => void socket.destroy());
    socket.write(Buffer.concat([Buffer.from(PREFACE), frame(SETTINGS, 0, 0), frame(HEADERS, 5, 1, get), mistake]));
    await until(() => closed, { what });
  }
  assert.equal((await ask(open(t, gateway.url), "/app/hello")).text, "hi");
});

test("a client that opens and resets requests without end is cut off", async (t) => {
  await using gateway = await openTestGateway(() => {});
  const client = hostile(t, gateway.port);
  await flood(client, 20_000, (count) =>
    Buffer.concat([frame(HEADERS, 5, 2 * count + 1, get), frame(RST_STREAM, 0, 2 * count + 1, Buffer.from([0, 0, 0, 8]))]),
  );
  assert.ok(gateway.invocations.length < 2_000, `${gateway.invocations.length} calls were started`);
  await until(() => gateway.invocations.every((seen) => seen.aborted));
});

test("headers that do not end, and headers that are too large, start no call and are cut off", async (t) => {
  await using gateway = await openTestGateway(() => {});
  const endless = hostile(t, gateway.port);
  const literal = Buffer.concat([Buffer.from([0x00, 1, 0x78, 0x7f, 0x81, 0x7e]), Buffer.alloc(16_256, "x")]);
  await endless.send(frame(HEADERS, 1, 1, get));
  await flood(endless, 100_000, () => frame(CONTINUATION, 0, 1, Buffer.alloc(0)));
  const bomb = hostile(t, gateway.port);
  await bomb.send(frame(HEADERS, 1, 1, get));
  await flood(bomb, 10_000, () => frame(CONTINUATION, 0, 1, literal.subarray(0, 16_000)));
  assert.equal(gateway.invocations.length, 0);
});

test("a head that is too large is answered on its own stream, and the connection goes on", async (t) => {
  await using gateway = await openTestGateway((seen) => replyText(seen, "hi"));
  const session = open(t, gateway.url);
  const many = Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`x-${at}`, "y"]));
  const tooLarge: Record<string, string>[] = [{ "x-large": "y".repeat(40_000) }, { ":path": `/app/hello?${"y".repeat(40_000)}` }, many];
  for (const headers of tooLarge) {
    const { status, text } = await ask(session, "/app/hello", { headers });
    assert.deepEqual([status, JSON.parse(text).error.code], [431, "head-too-large"]);
  }
  assert.equal(gateway.invocations.length, 0);
  assert.equal((await ask(session, "/app/hello", { headers: { "x-large": "y".repeat(30_000) } })).text, "hi");
});

test("a header that is small when compressed and large when read is not read", async (t) => {
  await using gateway = await openTestGateway((seen) => replyText(seen, "hi"));
  const client = hostile(t, gateway.port);
  // One field of 4,000 bytes goes into the table, and then a byte stands for it, thousands of times.
  const field = Buffer.concat([Buffer.from([0x40, 1, 0x78, 0x7f, 0xa1, 0x1e]), Buffer.alloc(4_000, "y")]);
  await client.send(frame(HEADERS, 5, 1, Buffer.concat([get, field, Buffer.alloc(8_000, 0xbe)])));
  await pause(300);
  assert.equal(gateway.invocations.length, 0);
});

test("a client has as many requests in progress over many connections as it may have connections, and others have room", async (t) => {
  const connections = { most: 10, perClient: 4 };
  await using gateway = await openTestGateway(
    (seen) => {
      if (seen.input.method === "GET") replyText(seen, "hi");
    },
    { connections },
  );
  const sessions = [open(t, gateway.url), open(t, gateway.url)];
  const held = sessions.flatMap((session) =>
    Array.from({ length: 2 }, () => session.request({ ":path": "/app/hello", ":authority": "h.test", ":method": "POST" })),
  );
  await until(() => gateway.invocations.length === 4);
  const further = await ask(sessions[0]!, "/app/hello");
  assert.deepEqual([further.status, JSON.parse(further.text).error.code], [503, "too-many-connections"]);
  const other = open(t, gateway.url, { localAddress: "127.0.0.2" });
  assert.equal((await ask(other, "/app/hello")).text, "hi");
  for (const stream of held) stream.destroy();
  await until(() => gateway.invocations.slice(0, 4).every((seen) => seen.aborted));
  assert.equal((await ask(sessions[0]!, "/app/hello")).text, "hi");
});

test("settings and pings without end are cut off, and others are served meanwhile", async (t) => {
  await using gateway = await openTestGateway((seen) => replyText(seen, "hi"));
  const socket = (client: Hostile, bytes: Buffer) => flood(client, 100_000, () => bytes);
  const unread = (): Hostile => {
    const raw = connect(gateway.port, "127.0.0.1");
    let closed = false;
    raw.on("error", () => {}).on("close", () => (closed = true));
    raw.pause();
    raw.write(Buffer.concat([Buffer.from(PREFACE), frame(SETTINGS, 0, 0)]));
    afterwards(t, () => void raw.destroy());
    return {
      closed: () => closed || raw.destroyed,
      send: (bytes) => new Promise((resolve) => void (raw.destroyed ? resolve() : raw.write(bytes, () => resolve()))),
    };
  };
  const many = (bytes: Buffer) => Buffer.concat(Array.from({ length: 100 }, () => bytes));
  const floods = [socket(unread(), many(frame(SETTINGS, 0, 0))), socket(unread(), many(frame(PING, 0, 0, Buffer.alloc(8))))];
  const session = open(t, gateway.url);
  for (let count = 0; count < 20; count += 1) assert.equal((await ask(session, "/app/hello")).text, "hi");
  await Promise.all(floods);
});

function pairs(list: string[]): string[] {
  return list.flatMap((name, at) => (at % 2 === 0 ? [`${name}=${list[at + 1]}`] : []));
}
