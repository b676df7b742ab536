/** WebSockets as streams of HTTP/2 (RFC 8441), at the gateway, before a dispatcher that does as the test says. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type ClientHttp2Session, connect as connectH2 } from "node:http2";
import { test, type TestContext } from "node:test";
import { until } from "../../../base/clock/until.ts";
import { afterwards } from "../../../base/testing/afterwards.ts";
import { FakeClock } from "../../../dispatch/testing/fake-clock.ts";
import { openTestGateway, replyText, type Seen, timing } from "../testing/test-gateway.ts";

const agree = (seen: Seen, body = "") =>
  setImmediate(() => seen.reply.head(101, ["Sec-WebSocket-Accept", "of the key", "X-Own", "yes"], Buffer.from(body), false, timing));

async function open(t: TestContext, url: string): Promise<ClientHttp2Session> {
  const session = connectH2(url);
  session.on("error", () => {});
  afterwards(t, () => session.destroy());
  if (session.remoteSettings.enableConnectProtocol !== true) await once(session, "remoteSettings");
  assert.equal(session.remoteSettings.enableConnectProtocol, true);
  return session;
}

function webSocket(session: ClientHttp2Session, more: Record<string, string> = {}) {
  const stream = session.request({
    ":method": "CONNECT",
    ":protocol": "websocket",
    ":scheme": "http",
    ":authority": "h.test",
    ":path": "/app/hello/chat?room=1",
    "sec-websocket-version": "13",
    ...more,
  });
  const client = { stream, headers: {} as Record<string, unknown>, text: "", ended: false, closed: false };
  stream.on("response", (headers) => (client.headers = headers));
  stream.on("data", (chunk: Buffer) => (client.text += chunk.toString("latin1")));
  stream.on("end", () => (client.ended = true));
  stream.on("close", () => (client.closed = true));
  stream.on("error", () => {});
  return client;
}

test("a WebSocket over HTTP/2 is one over HTTP/1.1 to its function, and bytes go both ways beside other requests", async (t) => {
  await using gateway = await openTestGateway((seen) => {
    if (seen.request.input.kind === "upgrade") agree(seen, "early");
    else replyText(seen, "plain");
  });
  const session = await open(t, gateway.url);
  const client = webSocket(session, { "content-length": "5", origin: "http://h.test" });
  await until(() => client.text === "early");
  assert.deepEqual([client.headers[":status"], client.headers["x-own"], client.headers["sec-websocket-accept"]], [200, "yes", undefined]);
  const { request, input, ...seen } = gateway.invocations[0]!;
  assert.deepEqual([request.input.kind, input.method, input.url], ["upgrade", "GET", "http://h.test/chat?room=1"]);
  const given = new Map(input.headers.flatMap((name, at) => (at % 2 === 0 ? [[name.toLowerCase(), input.headers[at + 1]!]] : [])));
  assert.equal(Buffer.from(given.get("sec-websocket-key")!, "base64").length, 16);
  assert.deepEqual([given.get("sec-websocket-version"), given.get("origin"), given.has("content-length")], ["13", "http://h.test", false]);
  client.stream.write("one");
  await until(() => Buffer.concat(seen.body).toString() === "one");
  const beside = session.request({ ":path": "/app/hello", ":authority": "h.test" });
  assert.equal((await beside.toArray()).join(""), "plain");
  gateway.invocations[0]!.reply.data(Buffer.from(" two"));
  await until(() => client.text === "early two");
  await until(() => gateway.invocations[0]!.consumed === 9);
  gateway.invocations[0]!.reply.end();
  await until(() => client.ended);
  client.stream.end();
  await until(() => client.closed);
  assert.equal(session.destroyed, false);
});

test("refusals are replies of HTTP, which end the stream", async (t) => {
  const statuses = [403, 200];
  await using gateway = await openTestGateway((seen) => {
    const status = statuses[gateway.invocations.length - 1]!;
    setImmediate(() => seen.reply.head(status, [], Buffer.from("no"), false, timing));
    if (status === 403) setImmediate(() => seen.reply.end());
  });
  const session = await open(t, gateway.url);
  const refused = webSocket(session);
  await until(() => refused.closed);
  assert.deepEqual([refused.headers[":status"], refused.text], [403, "no"]);
  // A client would take 200 for an agreement, and what follows for frames.
  const mistaken = webSocket(session);
  await until(() => mistaken.closed);
  assert.deepEqual([mistaken.headers[":status"], JSON.parse(mistaken.text).error.code], [501, "upgrade-not-supported"]);
  await until(() => gateway.invocations[1]!.aborted);
  const lost = webSocket(session, { ":path": "/none/x" });
  await until(() => lost.closed);
  assert.deepEqual([lost.headers[":status"], JSON.parse(lost.text).error.code], [404, "no-such-route"]);
  const other = webSocket(session, { ":protocol": "connect-udp" });
  await until(() => other.text !== "");
  assert.deepEqual([other.headers[":status"], JSON.parse(other.text).error.code], [501, "method-not-supported"]);
  other.stream.close();
  assert.equal(gateway.invocations.length, 2);
});

test("its end comes with a Close frame, and a client that answers with nothing does not stay", async (t) => {
  const clock = new FakeClock();
  await using gateway = await openTestGateway((seen) => agree(seen), { clock, webSockets: { mostOfApp: 1 } });
  const session = await open(t, gateway.url);
  const client = webSocket(session);
  await until(() => client.headers[":status"] === 200);
  const further = webSocket(session);
  await until(() => further.closed);
  assert.equal(JSON.parse(further.text).error.code, "too-many-websockets");
  gateway.invocations[0]!.reply.fail("connection-drained", {});
  await until(() => client.text.endsWith("connection-drained"));
  assert.equal(client.closed, false);
  for (let ms = 0; ms < 15_000; ms += 1_000) await clock.advance(1_000);
  await until(() => client.closed);
  const next = webSocket(session);
  await until(() => next.headers[":status"] === 200);
});

test("a client that resets the stream, before or after the function has agreed, ends the invocation", async (t) => {
  await using gateway = await openTestGateway((seen) => {
    if (gateway.invocations.length > 1) agree(seen);
  });
  const session = await open(t, gateway.url);
  const early = webSocket(session);
  await until(() => gateway.invocations.length === 1);
  early.stream.destroy();
  await until(() => gateway.invocations[0]!.aborted);
  const late = webSocket(session);
  await until(() => late.headers[":status"] === 200);
  late.stream.close(8);
  await until(() => gateway.invocations[1]!.aborted);
});

test("what a client sends faster than the function takes it stays with the client, and holds up no other stream", async (t) => {
  await using gateway = await openTestGateway((seen) => {
    if (seen.request.input.kind !== "upgrade") return replyText(seen, "quick");
    seen.takes = false;
    agree(seen);
  });
  const session = await open(t, gateway.url);
  const client = webSocket(session);
  await until(() => client.headers[":status"] === 200);
  const seen = gateway.invocations[0]!;
  client.stream.write(Buffer.alloc(4 * 1_048_576));
  const held = () => seen.body.reduce((sum, each) => sum + each.length, 0);
  await until(() => held() > 0);
  const beside = session.request({ ":path": "/app/hello", ":authority": "h.test" });
  assert.equal((await beside.toArray()).join(""), "quick");
  assert.ok(held() <= 262_144, `${held()} bytes were handed over before a drain`);
  while (held() < 4 * 1_048_576) {
    const before = held();
    seen.reply.drain();
    await until(() => held() > before);
  }
});
