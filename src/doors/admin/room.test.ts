import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { test } from "node:test";
import { listen } from "./listen.ts";

const MOST = 16;

test("of many requests at once, more than there may be connections, each is carried out or answered with too-many-connections", async (context) => {
  let carriedOut = 0;
  const fetch = async (asked: Request) => new Response(`done ${(await asked.text()).length} ${(carriedOut += 1)}`);
  const listening = await listen({ fetch }, { address: "127.0.0.1:0", allowInsecureBind: false, mostConnections: MOST });
  context.after(() => listening.close());
  const { port } = new URL(listening.url);
  for (const keepAlive of [false, true, true]) {
    const agent = new Agent({ keepAlive });
    context.after(() => agent.destroy());
    const ask = async (at: number) => {
      const sent = request({ port, path: "/", method: at % 2 ? "PUT" : "DELETE", agent });
      sent.end(at % 2 ? "x".repeat(100_000) : undefined);
      const [response] = (await once(sent, "response")) as [IncomingMessage];
      return `${response.statusCode} ${(await response.toArray()).join("")}`;
    };
    carriedOut = 0;
    const replies = await Promise.all(Array.from({ length: MOST + 8 }, (_, at) => ask(at)));
    for (const reply of replies) assert.match(reply, /^200 done (0|100000) |^503 .*too-many-connections/s);
    assert.equal(replies.filter((reply) => reply.startsWith("200")).length, carriedOut);
    assert.ok(carriedOut > 0);
  }
});

test("a client that sends nothing on a connection for which there is no room is disconnected", async (context) => {
  const listening = await listen(
    { fetch: () => new Response("") },
    { address: "127.0.0.1:0", allowInsecureBind: false, mostConnections: MOST },
  );
  context.after(() => listening.close());
  const { port } = new URL(listening.url);
  const sockets = Array.from({ length: MOST + 1 }, () => connect(Number(port), "127.0.0.1").on("error", () => undefined));
  await Promise.race(sockets.map((socket) => once(socket.resume(), "close", { signal: AbortSignal.timeout(60_000) })));
  for (const socket of sockets) socket.destroy();
});
