/** What clients get that accept compressed replies. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import { until } from "../../../base/clock/until.ts";
import { openTestGateway, rawClient, timing, type Seen } from "../testing/test-gateway.ts";
import { acceptedCoding } from "./accepted-coding.ts";

const text = "a line of text that repeats itself\n".repeat(1_000);
const html = ["content-type", "text/html; charset=utf-8", "etag", '"tag"', "accept-ranges", "bytes"];
const whole = (seen: Seen, headers: string[], body = text, status = 200) =>
  setImmediate(() => seen.reply.head(status, [...headers], Buffer.from(body), true, timing));

test("the coding that a client wants most is chosen, and none if it wants none", () => {
  const cases: [string | undefined, string | undefined][] = [
    [undefined, undefined],
    ["", undefined],
    ["gzip, deflate, br, zstd", "zstd"],
    ["gzip, deflate, br", "br"],
    ["gzip", "gzip"],
    ["X-GZip", "gzip"],
    ["gzip;q=1.0, br;q=0.5", "gzip"],
    ["gzip;q=0", undefined],
    ["*", "zstd"],
    ["*;q=0.5, zstd;q=0", "br"],
    ["identity", undefined],
    ["identity;q=0.5, gzip;q=0.4", undefined],
    ["gzip;q=0.4, identity;q=0.4", "gzip"],
    ["br;q=1.5", undefined],
    ["br;q=x", undefined],
    ["compress, deflate", undefined],
    ["identity;q=0", undefined],
    ["identity;q=0, gzip;q=0.1", "gzip"],
    ["*;q=0", undefined],
    ["*;q=0, br;q=0.2", "br"],
    ["br;q=0, *", "zstd"],
    ["zstd;q=0,br;q=0,gzip;q=0,*;q=1", undefined],
    ["gzip ; Q=0", undefined],
    ["gzip;q=0.001", "gzip"],
    ["gzip;q=0.0001", undefined],
    [",,gzip,,", "gzip"],
    ["gzip, gzip;q=0", undefined],
    [`gzip${" ".repeat(600)}`, undefined],
  ];
  for (const [header, expected] of cases) assert.equal(acceptedCoding(header), expected, String(header));
});

test("a reply of text is compressed as the client asks, and its headers say so", async () => {
  await using open = await openTestGateway((seen) => whole(seen, html));
  const decoders = { zstd: zstdDecompressSync, br: brotliDecompressSync, gzip: gunzipSync };
  for (const [coding, decode] of Object.entries(decoders)) {
    const client = rawClient(open.port, `GET /app/hello HTTP/1.1\r\nhost: h\r\naccept-encoding: ${coding}\r\nconnection: close\r\n\r\n`);
    await until(() => client.closed);
    const [head, body] = split(client.text);
    assert.match(head, new RegExp(`content-encoding: ${coding}\r\n`));
    assert.match(head, new RegExp(`content-length: ${body.length}\r\n`));
    assert.match(head, /vary: Accept-Encoding\r\n/);
    assert.match(head, /etag: W\/"tag"\r\n/);
    assert.doesNotMatch(head, /accept-ranges/);
    assert.ok(body.length < text.length / 10);
    assert.equal(decode(body).toString(), text);
  }
});

test("replies that nobody may compress stay as they are", async () => {
  const type = ["content-type", "text/plain"];
  const cases: [string, string[], string, number][] = [
    ["a short one", type, "short", 200],
    ["a picture", ["content-type", "image/png"], text, 200],
    ["one without a type", [], text, 200],
    ["events", ["content-type", "text/event-stream"], text, 200],
    ["one that is compressed", [...type, "content-encoding", "br"], text, 200],
    ["one that must not be changed", [...type, "cache-control", "public, no-transform"], text, 200],
    ["a part", [...type, "content-range", "bytes 0-1/2"], text, 206],
    ["one with a digest", [...type, "Repr-Digest", "sha-256=:x:"], text, 200],
  ];
  for (const [what, headers, body, status] of cases) {
    await using open = await openTestGateway((seen) => whole(seen, headers, body, status));
    const response = await fetch(`${open.url}/app/hello`, { headers: { "accept-encoding": "gzip" } });
    assert.deepEqual([response.headers.get("content-length"), response.headers.get("vary")], [String(body.length), null], what);
  }
  await using open = await openTestGateway((seen) => whole(seen, [...type, "vary", "Origin"]));
  const plain = await fetch(`${open.url}/app/hello`, { headers: { "accept-encoding": "identity" } });
  assert.deepEqual([plain.headers.get("content-encoding"), plain.headers.get("vary")], [null, "Origin, Accept-Encoding"]);
  const head = await fetch(`${open.url}/app/hello`, { method: "HEAD", headers: { "accept-encoding": "gzip" } });
  assert.deepEqual([head.headers.get("content-encoding"), head.headers.get("vary")], ["gzip", "Origin, Accept-Encoding"]);
  assert.equal(head.headers.get("content-length"), null, "the compressed length is not known");
});

test("an app may switch compression off", async () => {
  await using open = await openTestGateway((seen) => whole(seen, html));
  const off = await fetch(`${open.url}/single/`, { headers: { "accept-encoding": "gzip" } });
  assert.deepEqual([off.headers.get("content-encoding"), off.headers.get("vary")], [null, null]);
});

test("a reply that streams can be read as far as it has come", async () => {
  await using open = await openTestGateway((seen) => setImmediate(() => seen.reply.head(200, [...html], Buffer.alloc(0), false, timing)));
  for (const coding of ["gzip", "br", "zstd"]) {
    const at = open.invocations.length;
    const response = await fetch(`${open.url}/app/hello`, { headers: { "accept-encoding": coding } });
    assert.equal(response.headers.get("content-encoding"), coding);
    const { reply } = open.invocations[at]!;
    const reader = response.body!.getReader();
    for (const piece of ["first", "second"]) {
      reply.data(Buffer.from(piece));
      const { value } = await reader.read();
      assert.equal(Buffer.from(value ?? "").toString(), piece, coding);
    }
    await until(() => open.invocations[at]!.consumed === 11);
    reply.data(Buffer.from("third"));
    reply.end();
    let rest = "";
    for (let next = await reader.read(); !next.done; next = await reader.read()) rest += Buffer.from(next.value).toString();
    assert.equal(rest, "third");
  }
});

test("a client that takes nothing grants the function no credit for what it has not taken", async () => {
  await using open = await openTestGateway((seen) => setImmediate(() => seen.reply.head(200, [...html], Buffer.alloc(0), false, timing)));
  const client = rawClient(open.port, "GET /app/hello HTTP/1.1\r\nhost: h\r\naccept-encoding: gzip\r\n\r\n");
  await until(() => open.invocations.length === 1 && client.text.includes("\r\n\r\n"));
  client.socket.pause();
  const { reply } = open.invocations[0]!;
  const seen = open.invocations[0]!;
  let given = 0;
  // What cannot be compressed reaches the client as large as it is. The kernel's buffers take some megabytes.
  const noise = crypto.getRandomValues(new Uint8Array(65_536));
  for (let still = 0; still < 50;) {
    if (seen.consumed === given) {
      still = 0;
      given += noise.length;
      reply.data(Buffer.from(noise));
      assert.ok(given < 64_000_000, "the client's buffers never filled");
    } else still += 1;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  assert.ok(seen.consumed < given);
  client.socket.destroy();
  await until(() => seen.aborted);
});

test("beyond the bound of compressors that run at once, replies go as they are", async () => {
  await using open = await openTestGateway((seen) => setImmediate(() => seen.reply.head(200, [...html], Buffer.from("x"), false, timing)));
  const get = () => fetch(`${open.url}/app/hello`, { headers: { "accept-encoding": "gzip" } });
  const first = await Promise.all(Array.from({ length: 32 }, get));
  assert.ok(first.every((response) => response.headers.get("content-encoding") === "gzip"));
  assert.equal((await get()).headers.get("content-encoding"), null);
  for (const { reply } of open.invocations) reply.end();
  for (const response of first) assert.equal(await response.text(), "x");
  assert.equal((await get()).headers.get("content-encoding"), "gzip");
  open.invocations.at(-1)!.reply.end();
});

function split(raw: string): [head: string, body: Buffer] {
  const end = raw.indexOf("\r\n\r\n") + 4;
  return [raw.slice(0, end), Buffer.from(raw.slice(end), "latin1")];
}
