/** Clients that close their half of the connection after the request, as `nc -N` and some proxies do, and those that ask for the head of a stream alone. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, test } from "node:test";
import { systemClock } from "../../base/clock/clock.ts";
import { within } from "../../base/clock/within.ts";
import { LogLevel } from "../../wire/protocol.ts";
import { bundle, manifest, type ServedApi, serveApi, token } from "./testing/serve-api.ts";

let served: ServedApi;

beforeEach(async () => void (served = await serveApi()));
afterEach(() => served.close());

function ask(head: string, body = ""): Socket {
  const { hostname, port } = new URL(served.server.url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  const headers = [
    `host: ${hostname}`,
    `authorization: Bearer ${token}`,
    "content-type: application/json",
    `content-length: ${body.length}`,
  ];
  socket.end(`${head} HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n${body}`);
  return socket;
}

test("a half-closed client gets its reply, and then the connection's end", async () => {
  assert.match(await text(ask("GET /v1/apps")), /^HTTP\/1\.1 200 OK\r\n.*"apps":\[\]/s);
  assert.match(await text(ask("PUT /v1/apps/shop/secrets/KEY", '{"value":"x"}')), /^HTTP\/1\.1 204 /);
  assert.deepEqual(served.catalog.secretNames(served.id("shop")), ["KEY"]);
});

test("a half-closed client that follows logs gets them until it is gone", async () => {
  await served.client.deploy(manifest(), [bundle("main", "cjs", "module.exports = 1")]);
  const log = (text: string) => served.logs.append({ at: 1, app: served.id("shop"), level: LogLevel.Info, text });
  log("first");
  const follower = ask("GET /v1/apps/shop/logs/follow");
  let seen = "";
  follower.on("data", (bytes: Buffer) => (seen += bytes.toString()));
  while (!seen.includes("first")) await once(follower, "data");
  log("second");
  while (!seen.includes("second")) await once(follower, "data");
  follower.destroy();
  await served.released;
});

test("HEAD of a log that is followed has its head, and nothing follows the log for it", async () => {
  await served.client.deploy(manifest(), [bundle("main", "cjs", "module.exports = 1")]);
  const reply = await text(ask("HEAD /v1/apps/shop/logs/follow"));
  assert.match(reply, /^HTTP\/1\.1 200 OK\r\n.*content-type: application\/x-ndjson.*\r\n\r\n$/is);
  await within(systemClock, 30_000, "the end of what follows the log", served.released);
  assert.match(await text(ask("HEAD /v1/apps")), /^HTTP\/1\.1 200 OK\r\n.*content-type: application\/json.*\r\n\r\n$/is);
});
