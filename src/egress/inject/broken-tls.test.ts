/** Machines whose TLS goes wrong where it ends at the host, before its handshake is over and behind it. */
import assert from "node:assert/strict";
import { once } from "node:events";
import type { Duplex } from "node:stream";
import { test } from "node:test";
import tls, { type TLSSocket } from "node:tls";
import { until } from "../../base/clock/until.ts";
import { API, egressTo, own, rawServer, type Scope, secureBy, serverBy, trusted } from "./testing/ends.ts";

/** A server that says nothing, and tells of its connections whether something came and whether one is over. */
async function silentServer(t: Scope) {
  const seen = { something: false, end: false };
  const port = await rawServer(t, (socket) => void socket.on("data", () => (seen.something = true)).on("close", () => (seen.end = true)));
  return { port, seen };
}

/** Sends the bytes behind what TLS has sent, and reads on. */
function spoil(secure: TLSSocket, socket: Duplex, bytes: number[]): void {
  secure.on("error", () => {});
  socket.write(Buffer.from(bytes));
}

test("bytes that TLS cannot read end a connection behind its handshake, on both sides of the host", async (t) => {
  const { port, seen } = await silentServer(t);
  const { egress } = egressTo(t, port);
  const socket = await egress.connect("127.0.0.1", port, undefined, API);
  const secure = tls.connect({ socket, servername: API, ca: await own.certificate() });
  await once(secure, "secureConnect");
  secure.write(`GET / HTTP/1.1\r\nHost: ${API}:${port}\r\n\r\n`);
  await until(() => seen.something, { what: "the request" });
  spoil(secure, socket, [23, 3, 3, 0, 32, ...Array.from({ length: 32 }, () => 1)]);
  await until(() => seen.end, { what: "the server's end", ms: 20_000 });
  await until(() => socket.readableEnded || socket.destroyed, { what: "the machine's end", ms: 20_000 });
});

test("bytes that TLS cannot read end a handshake, which is told once", async (t) => {
  const { port } = await silentServer(t);
  const { egress, told } = egressTo(t, port);
  const socket = await egress.connect("127.0.0.1", port, undefined, API);
  const secure = tls.connect({ socket, servername: API, ca: await own.certificate() });
  spoil(secure, socket, [255, 255, 255, 255, 255, 255]);
  await until(() => socket.readableEnded || socket.destroyed, { what: "the machine's end", ms: 20_000 });
  await until(() => told.length > 0, { what: "a line", ms: 20_000 });
  assert.equal(told.length, 1);
  assert.match(told[0]!, /^TLS of the machine to api\.example\.com, which ends at the host, failed: /);
});

test("a machine can ask for no second handshake on its connection", async (t) => {
  const server = await serverBy(t, trusted, (_request, response) => void response.end());
  const { egress } = egressTo(t, server.port);
  const secure = await secureBy(egress, server.port, API, own, { maxVersion: "TLSv1.2" });
  const refused = once(secure, "error") as Promise<[Error]>;
  const shaken = new Promise<[Error | null]>((done) => secure.renegotiate({}, (error) => done([error])));
  const [error] = await Promise.race([refused, shaken]);
  assert.match(String(error), /no renegotiation/i);
});
