/** Clients that are gone before their request's turn comes. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { afterwards } from "../../base/testing/afterwards.ts";
import { listen } from "./listen.ts";

test("what a request took after its client was gone is given back, too", async (t) => {
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const { promise: gone, resolve: go } = Promise.withResolvers<void>();
  const over: string[] = [];
  const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
  const app = {
    async fetch(_request: Request, { whenOver }: { whenOver: (over: () => void) => void }) {
      whenOver(() => {
        over.push("early");
        go();
      });
      begin();
      await gone;
      whenOver(() => over.push("late"));
      answer();
      return new Response("too late");
    },
  };
  const listening = await listen(app, { address: "127.0.0.1:0", allowInsecureBind: false });
  afterwards(t, () => listening.close());
  const { hostname, port } = new URL(listening.url);
  const socket = connect({ host: hostname, port: Number(port) });
  await once(socket, "connect");
  socket.write(`GET / HTTP/1.1\r\nhost: ${hostname}\r\n\r\n`);
  await begun;
  socket.destroy();
  await answered;
  assert.deepEqual(over, ["early", "late"]);
});
