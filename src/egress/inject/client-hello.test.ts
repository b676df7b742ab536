import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { connect } from "node:tls";
import { listening } from "../../base/testing/listening.ts";
import { Random, seedOf } from "../../base/testing/random.ts";
import { ClientHelloReader } from "./client-hello.ts";

function serverNameOf(bytes: Buffer): string | null | undefined {
  return new ClientHelloReader().add(bytes);
}

/** The first bytes of a real client. */
async function helloFor(t: { after(cleanUp: () => void): void }, options: object): Promise<Buffer> {
  const server = createServer();
  const port = await listening(server);
  const client = connect({ port, host: "127.0.0.1", ...options });
  client.on("error", () => {});
  t.after(() => {
    client.destroy();
    server.close();
  });
  const [socket] = await once(server, "connection");
  const [bytes] = await once(socket, "data");
  socket.destroy();
  return bytes;
}

/** The same message in records of the given length. */
function inRecords(hello: Buffer, length: number): Buffer {
  const message = hello.subarray(5);
  const records = [];
  for (let at = 0; at < message.length; at += length) {
    const part = message.subarray(at, at + length);
    records.push(Buffer.from([22, 3, 1, part.length >> 8, part.length & 0xff]), part);
  }
  return Buffer.concat(records);
}

test("the name is known as soon as the whole message is there, however it is cut", async (t) => {
  const hello = await helloFor(t, { servername: "Api.Example.com" });
  for (const whole of [hello, inRecords(hello, 100), inRecords(hello, 1)]) {
    assert.equal(serverNameOf(whole), "api.example.com");
    assert.equal(serverNameOf(Buffer.concat([whole, Buffer.from("more")])), "api.example.com");
    for (let length = 0; length < whole.length; length += 7) assert.equal(serverNameOf(whole.subarray(0, length)), undefined);
    const reader = new ClientHelloReader();
    for (const byte of whole.subarray(0, -1)) assert.equal(reader.add(Buffer.from([byte])), undefined);
    assert.equal(reader.add(whole.subarray(-1)), "api.example.com");
    assert.equal(reader.add(Buffer.from("more")), "api.example.com");
  }
});

test("a dot at the name's end is not part of it", async (t) => {
  assert.equal(serverNameOf(await helloFor(t, { servername: "api.example.com." })), "api.example.com");
});

test("a client that names no server is told from one that has not finished", async (t) => {
  const hello = await helloFor(t, { servername: "" });
  assert.equal(serverNameOf(hello), null);
});

test("what is not a ClientHello is known by its first bytes", () => {
  for (const text of [
    "GET / HTTP/1.1\r\n",
    "SSH-2.0-x\r\n",
    "\u0015\u0003\u0001\u0000\u0002\u0001\u0000",
    "\u0016\u0003\u0001\u0000\u0004\u0002\u0000\u0000\u0000",
  ])
    assert.equal(serverNameOf(Buffer.from(text, "latin1")), null, JSON.stringify(text));
});

test("no bytes make it throw, or wait for more than a message can have", async (t) => {
  const seed = seedOf();
  t.diagnostic(`seed ${seed}`);
  const random = new Random(seed);
  const hello = await helloFor(t, { servername: "api.example.com" });
  for (let round = 0; round < 2_000; round++) {
    const changed = Buffer.from(hello);
    for (let change = 0; change <= round % 4; change++) changed[random.below(changed.length)] = random.below(256);
    const whole = serverNameOf(changed);
    const reader = new ClientHelloReader();
    let name: string | null | undefined;
    for (let at = 0; at < changed.length;) name = reader.add(changed.subarray(at, (at += 1 + random.below(200))));
    assert.equal(name, whole);
  }
  const empty = Buffer.from([22, 3, 1, 0, 0]);
  assert.equal(serverNameOf(Buffer.concat(Array.from({ length: 4_000 }, () => empty))), null);
  assert.equal(serverNameOf(Buffer.from([22, 3, 1, 0, 4, 1, 1, 0, 0])), null);
});
