/** The connections to a program, beside a program of which each moment is known. */
import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { afterwards } from "../../../base/testing/afterwards.ts";
import { Pool } from "./pool.ts";

/** Answers the first bytes of a request, closes the connection without having read the others, and only then tells that. */
const hasty = `const { workerData: closed, parentPort } = require("node:worker_threads");
const server = require("node:net").createServer((socket) => socket.once("data", () => {
  socket.on("error", () => undefined).on("close", () => { Atomics.store(closed, 0, 1); Atomics.notify(closed, 0); });
  socket.write("HTTP/1.1 413 Too Large\\r\\nContent-Length: 8\\r\\n\\r\\ntoo much", () => socket.resetAndDestroy());
}));
server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));`;

test("an answer that came before the request was sent is read, though the connection was closed meanwhile", async (t) => {
  const closed = new Int32Array(new SharedArrayBuffer(4));
  const program = new Worker(hasty, { eval: true, workerData: closed });
  afterwards(t, () => program.terminate());
  const [port] = (await once(program, "message")) as [number];
  const request = new Pool("127.0.0.1", port).request({ method: "POST", path: "/", headers: ["transfer-encoding", "chunked"] });
  const response = once(request, "response") as Promise<[IncomingMessage]>;
  await new Promise((resolve) => request.write("a begin", resolve));
  // This thread reads nothing while it waits here, so that its next write meets the closed connection before the answer is read.
  Atomics.wait(closed, 0, 0);
  request.write("more");
  const [answer] = await response;
  assert.deepEqual([answer.statusCode, await text(answer)], [413, "too much"]);
});
