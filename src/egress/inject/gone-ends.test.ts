/** Ends that are gone before the host has begun TLS with them. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { duplexPair } from "node:stream";
import { test } from "node:test";
import tls from "node:tls";
import { until } from "../../base/clock/until.ts";
import { listening } from "../../base/testing/listening.ts";
import { Contexts } from "./contexts.ts";
import { EndedConnection } from "./ended-connection.ts";
import type { Places } from "./places.ts";
import { API, egressTo, own, type Scope } from "./testing/ends.ts";

/** A server that takes connections and says nothing. */
async function silentServer(t: Scope): Promise<number> {
  const server = createServer((socket) => void socket.on("error", () => {}).resume());
  t.after(() => server.close());
  return listening(server);
}

/** How many places the app has left. */
function left(places: Places): number {
  const taken = [];
  for (let place = places.take("shop", API); place !== undefined; place = places.take("shop", API)) taken.push(place);
  for (const place of taken) place.leave();
  return taken.length;
}

test("a machine that leaves while its certificate is made keeps no place in a handshake, and nothing is told", async (t) => {
  const port = await silentServer(t);
  const pair = await own.certificateOf(API);
  for (const comes of [true, false]) {
    const socket = connect(port, "127.0.0.1");
    t.after(() => socket.destroy());
    await once(socket, "connect");
    const [, machine] = duplexPair();
    const made = Promise.withResolvers<typeof pair>();
    const told: string[] = [];
    let isShaken = false;
    const injection = { host: API, port, header: "authorization", value: () => "secret" };
    const contexts = new Contexts({ certificateOf: () => made.promise });
    void new EndedConnection(machine, socket, [injection], { contexts, tell: (line) => told.push(line), shaken: () => (isShaken = true) });
    await once(machine.destroy(), "close");
    if (comes) made.resolve(pair);
    else made.reject(new Error("no openssl"));
    await until(() => isShaken, { what: "the end of both handshakes", ms: 15_000 });
    assert.ok(socket.destroyed);
    assert.deepEqual(told, []);
  }
});

test("a connection whose server is gone when its turn comes ends at once", async (t) => {
  const port = await silentServer(t);
  const { egress, places } = egressTo(t, port);
  const shaking = Array.from({ length: 32 }, () => places.take("shop", API)!);
  const nothing = () => {};
  for (const place of shaking) place.begin(nothing, nothing);
  const free = left(places);
  const socket = await egress.connect("127.0.0.1", port, undefined, API);
  tls.connect({ socket, servername: API, ca: await own.certificate() }).on("error", () => {});
  await until(() => left(places) === free - 1, { what: "the ClientHello" });
  // It destroys the connections to servers.
  egress.close();
  shaking[0]!.shaken();
  await until(() => socket.readableEnded || socket.destroyed, { what: "the machine's end", ms: 15_000 });
  assert.equal(left(places), free);
});
