import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";
import { serveApi, token } from "./testing/serve-api.ts";

test("a client that still sends a refused body gets the answer, may take its time, and can go on using the connection", async (context) => {
  const served = await serveApi();
  context.after(() => served.close());
  const { port } = new URL(served.server.url);
  const socket = connect(Number(port), "127.0.0.1");
  let text = "";
  socket.on("data", (bytes) => (text += String(bytes)));
  const answered = async (pattern: RegExp) => {
    while (!pattern.test(text)) await once(socket, "data", { signal: AbortSignal.timeout(60_000) });
  };
  const head = `PUT /v1/apps/shop/live HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\n`;
  socket.write(`${head}content-length: 600000\r\n\r\n${"x".repeat(1_000)}`);
  await answered(/^HTTP\/1\.1 400 .*over the limit/s);
  await sleep(1_000);
  socket.write("x".repeat(599_000));
  socket.write(`GET /v1/health HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n\r\n`);
  await answered(/HTTP\/1\.1 200 /);
  socket.destroy();
});
