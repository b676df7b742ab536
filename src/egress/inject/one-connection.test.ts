import assert from "node:assert/strict";
import { connect, createServer } from "node:net";
import { type Duplex } from "node:stream";
import { test } from "node:test";
import type { TLSSocket } from "node:tls";
import { listening } from "../../base/testing/listening.ts";
import { OneConnection } from "./one-connection.ts";

test("a connection that Node has given up is given to no second request, and ends", async (t) => {
  const server = createServer((socket) => socket.on("error", () => {}));
  const port = await listening(server);
  t.after(() => server.close());
  const socket = connect(port, "127.0.0.1");
  const agent = new OneConnection(Promise.resolve(socket as unknown as TLSSocket));
  const asked = () => new Promise<[Error | null, Duplex | undefined]>((done) => agent.createConnection({}, (...given) => done(given)));
  assert.deepEqual(await asked(), [null, socket]);
  const [error] = await asked();
  assert.match(String(error), /it closed the connection/);
  assert.ok(socket.destroyed);
});
