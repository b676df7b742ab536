/** Clients that send several requests at once on one connection. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, test } from "node:test";
import { LogLevel } from "../../wire/protocol.ts";
import { until } from "../../base/clock/until.ts";
import { bundle, manifest, type ServedApi, serveApi, token } from "./testing/serve-api.ts";

let served: ServedApi;

beforeEach(async () => void (served = await serveApi()));
afterEach(() => served.close());

function request(head: string, body = ""): string {
  const headers = ["host: 127.0.0.1", `authorization: Bearer ${token}`, "content-type: application/json", `content-length: ${body.length}`];
  return `${head} HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n${body}`;
}

function send(all: string): Socket {
  const { hostname, port } = new URL(served.server.url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  socket.write(all);
  return socket;
}

const put = (name: string) => request(`PUT /v1/apps/shop/secrets/${name}`, '{"value":"x"}');

test("requests that are pipelined are answered in order, all of them", async () => {
  const names = Array.from({ length: 300 }, (_, index) => `KEY_${index}`);
  const client = send(names.map(put).join("") + request("GET /v1/apps"));
  client.end();
  const answers = (await text(client)).match(/^HTTP\/1\.1 \d+/gm);
  assert.deepEqual(answers, [...names.map(() => "HTTP/1.1 204"), "HTTP/1.1 200"]);
  assert.equal(served.catalog.secretNames(served.id("shop")).length, names.length);
});

test("none begins before the one before it has been answered", async () => {
  await served.client.deploy(manifest(), [bundle("main", "cjs", "module.exports = 1")]);
  const follower = send(request("GET /v1/apps/shop/logs/follow") + put("KEY"));
  let seen = "";
  follower.on("data", (bytes: Buffer) => (seen += bytes.toString()));
  served.logs.append({ at: 1, app: served.id("shop"), level: LogLevel.Info, text: "first" });
  await until(() => seen.includes("first"));
  // Another connection's requests go on meanwhile.
  const other = send(put("OTHER"));
  await once(other, "data");
  assert.deepEqual(served.catalog.secretNames(served.id("shop")), ["OTHER"]);
  for (const socket of [follower, other]) socket.destroy();
  await served.released;
});

test("what is no request is refused after the answers to those before it, and ends the connection", async () => {
  const said = await text(send(`${put("KEY")}no request at all\r\n\r\n`));
  assert.deepEqual(said.match(/^HTTP\/1\.1 \d+/gm), ["HTTP/1.1 204", "HTTP/1.1 400"]);
  assert.match(said, /"code":"bad-request"/);
  assert.match(await text(send("nothing\r\n\r\n")), /^HTTP\/1\.1 400 .*"code":"bad-request"/s);
  const withCookies = (count: number) =>
    send(`GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\ncookie: ${"a=b; ".repeat(count)}\r\n\r\n`);
  assert.match(await text(withCookies(10_000)), /^HTTP\/1\.1 200 /);
  assert.match(await text(withCookies(20_000)), /^HTTP\/1\.1 431 .*"code":"head-too-large".*cookies/s);
});
