/**
 * Clients that close their half of the connection after the request, as `nc -N` and some proxies do, and clients that look the same but are
 * gone.
 */
import { test } from "node:test";
import assert from "node:assert/strict";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { openTestGateway, rawClient, replyText, timing } from "./testing/test-gateway.ts";
import { until } from "../../base/clock/until.ts";
import { certificate } from "./test-certificate.ts";

const get = (path: string, version = "1.1") => `GET ${path} HTTP/${version}\r\nhost: h\r\n\r\n`;
/** Ticks of 10 ms, so that many checks fit into a test. */
const limits = { idleMs: 40, lingerMs: 40 };

/** Sends the bytes and closes the client's half of the connection. */
function halfClosed(port: number, sent: string) {
  const client = rawClient(port, "", true);
  client.socket.end(sent);
  return client;
}

test("a client that closes its half behind the request gets its reply, and then the connection's end", async () => {
  await using open = await openTestGateway((seen) => replyText(seen, "whole"));
  for (const version of ["1.1", "1.0"]) {
    const client = halfClosed(open.port, get("/app/hello", version));
    await until(() => client.closed);
    assert.match(client.text, /^HTTP\/1\.1 200 OK\r\n.*whole$/s);
  }
});

test("a half-closed client gets streamed and slow replies, errors and the health page as usual", async () => {
  await using open = await openTestGateway(() => {}, { limits });
  const client = halfClosed(open.port, "POST /app/hello HTTP/1.1\r\nhost: h\r\ncontent-length: 4\r\n\r\nbody");
  await until(() => open.invocations[0]?.bodyEnded ?? false);
  await until(() => client.text.startsWith("HTTP/1.1 100 Continue\r\n\r\n"));
  const { reply } = open.invocations[0]!;
  reply.head(200, [], Buffer.from("one "), false, timing);
  await until(() => client.text.includes("one "));
  await pause(50);
  reply.data(Buffer.from("two"));
  reply.end();
  await until(() => client.closed);
  assert.match(client.text, /^(HTTP\/1\.1 100 Continue\r\n\r\n)+HTTP\/1\.1 200 OK\r\n.*one .*two.*\r\n0\r\n\r\n$/s);
  assert.equal(open.invocations[0]!.aborted, false);
  for (const [path, status] of [
    ["/none", 404],
    ["/_mayfly/health", 200],
  ] as const) {
    const other = halfClosed(open.port, get(path));
    await until(() => other.closed);
    assert.match(other.text, new RegExp(`^HTTP/1.1 ${status} `));
  }
});

test("a half-closed client's pipelined requests are all answered in order", async () => {
  await using open = await openTestGateway(() => {}, { limits });
  const client = halfClosed(open.port, [1, 2, 3].map((n) => get(`/app/hello/${n}`)).join("") + get("/none") + get("/app/hello/5"));
  for (let n = 1; n <= 4; n++) {
    await until(() => open.invocations.length === n);
    await pause(20);
    assert.equal(open.invocations.length, n);
    replyText(open.invocations[n - 1]!, `<${n}>`);
  }
  await until(() => client.closed);
  assert.deepEqual(client.text.match(/<\d>|code":"no-such-route"/g), ["<1>", "<2>", "<3>", 'code":"no-such-route"', "<4>"]);
});

test("a half-closed client with an incomplete request is told so", async () => {
  await using open = await openTestGateway(() => {});
  for (const part of ["GET /app/hel", "POST /app/hello HTTP/1.1\r\nhost: h\r\ncontent-length: 9\r\n\r\nbody"]) {
    const client = halfClosed(open.port, part);
    await until(() => client.closed);
    assert.match(client.text, /^HTTP\/1\.1 400 .*it ended before it was complete/s, part);
  }
  await until(() => open.invocations.every(({ aborted }) => aborted));
});

test("a client that is gone, with or without a reset, aborts its call", async () => {
  for (const leave of ["destroy", "resetAndDestroy"] as const) {
    await using open = await openTestGateway(() => {}, { limits });
    const waiting = rawClient(open.port, get("/app/hello"));
    const streaming = rawClient(open.port, get("/app/hello"));
    await until(() => open.invocations.length === 2);
    const stream = open.invocations.find(() => true)!;
    stream.reply.head(200, [], Buffer.from("first"), false, timing);
    await until(() => (waiting.text + streaming.text).includes("first"));
    for (const client of [waiting, streaming]) client.socket[leave]();
    const silent = open.invocations.find((seen) => seen !== stream)!;
    await until(() => silent.aborted);
    await until(() => {
      stream.reply.data(Buffer.from("more"));
      return stream.aborted;
    });
  }
});

test("a client that closes its half, waits and then disconnects aborts its call", async () => {
  await using open = await openTestGateway(() => {}, { limits });
  const client = halfClosed(open.port, get("/app/hello"));
  await until(() => client.text.includes("100 Continue"));
  assert.equal(open.invocations[0]!.aborted, false);
  client.socket.destroy();
  await until(() => open.invocations[0]!.aborted);
});

test("half-closed clients are handled the same over TLS", async () => {
  await using open = await openTestGateway(() => {}, { tls: certificate, limits });
  // The types of node:tls lack allowHalfOpen.
  const where = { port: open.port, host: "localhost", ca: certificate.cert, allowHalfOpen: true };
  const client = connectTls(where);
  let text = "";
  client.on("data", (bytes: Buffer) => (text += bytes.toString("latin1")));
  client.end(get("/app/hello"));
  await until(() => open.invocations.length === 1);
  await pause(50);
  assert.equal(open.invocations[0]!.aborted, false);
  replyText(open.invocations[0]!, "whole");
  await once(client, "close");
  assert.match(text, /whole$/);
  const gone = connectTls(where);
  gone.write(get("/app/hello"));
  await until(() => open.invocations.length === 2);
  gone.destroy();
  await until(() => open.invocations[1]!.aborted);
});
